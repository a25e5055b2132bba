"""The `rsvlm` command: registers the commands and turns errors into one line and an exit code.

0 done, 2 bad input, 3 backend or model failure, 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import Any

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


# Newer versions of typer carry their own copy of click, older ones use click itself: this is the right class in both.
UsageError: Any = typer.BadParameter.__base__


def main() -> None:
    """Run the command line; every foreseen error is one sentence and its mend on standard error."""
    command = typer.main.get_command(app)
    try:
        code = command.main(prog_name="rsvlm", standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        code = 130
    except UsageError as error:
        print(usage_line(error), end="", file=sys.stderr)
        code = 2
    except RsvlmError as error:
        print(f"rsvlm: {error.message} {error.hint}".strip(), file=sys.stderr)
        code = error.exit_code
    sys.exit(code or 0)


def usage_line(error: Any) -> str:
    """A line on what is wrong with the words of a command, and where to read on; "" where the help is shown anyway."""
    message = " ".join(error.format_message().split())
    if not message:
        return ""
    path = error.ctx.command_path if error.ctx else "rsvlm"
    return f"rsvlm: {message.rstrip('.')}. Try “{path} --help”.\n"


if __name__ == "__main__":
    main()
