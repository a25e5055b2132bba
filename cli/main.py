"""The `rsvlm` command: registers the commands and turns errors into one line and an exit code.

0 done, 2 bad input, 3 backend or model failure, 130 interrupted.
"""

from __future__ import annotations

import sys

import click
import typer

from rsvlm.cli.describe import describe
from rsvlm.cli.doctor import doctor
from rsvlm.cli.evaluate import evaluate_app
from rsvlm.cli.models import models_app
from rsvlm.cli.serve import serve
from rsvlm.cli.train import train
from rsvlm.protocol import VERSION, RsvlmError

app = typer.Typer(
    name="rsvlm",
    help="Remote-sensing images in words: describe rasters, serve QGIS, train and evaluate models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(describe)
app.command()(train)
app.command()(serve)
app.command()(doctor)
app.add_typer(evaluate_app, name="eval")
app.add_typer(models_app, name="models")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rsvlm {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Remote-sensing images in words."""


def main() -> None:
    """Run the command line; every foreseen error is one sentence and its mend on standard error."""
    command = typer.main.get_command(app)
    try:
        code = command.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = 130
    except KeyboardInterrupt:
        code = 130
    except click.ClickException as error:
        error.show()
        code = 2
    except RsvlmError as error:
        print(f"rsvlm: {error.message} {error.hint}".strip(), file=sys.stderr)
        code = error.exit_code
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
