"""The `rsvlm` command: registers the commands and turns errors into one line and an exit code.

0 done, 2 bad input, 3 backend or model failure, 130 interrupted. What nobody foresaw is one sentence as well; its
traceback goes to the log.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import typer

from rsvlm.cli.ask import ask
from rsvlm.cli.change import change
from rsvlm.cli.classify import classify
from rsvlm.cli.data import data_app
from rsvlm.cli.describe import describe
from rsvlm.cli.doctor import doctor
from rsvlm.cli.evaluate import evaluate_app
from rsvlm.cli.knowledge import knowledge_app
from rsvlm.cli.localize import localize
from rsvlm.cli.models import models_app
from rsvlm.cli.phrases import ground, segment
from rsvlm.cli.serve import serve
from rsvlm.cli.terminal import write_utf8
from rsvlm.cli.train import train
from rsvlm.protocol import VERSION, RsvlmError

app = typer.Typer(
    name="rsvlm",
    help="Remote-sensing images in words: describe rasters, ask about them, serve QGIS, train and evaluate models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(describe)
app.command()(ask)
app.command("segment")(segment)
app.command("ground")(ground)
app.command()(change)
app.command()(classify)
app.command()(localize)
app.command()(train)
app.command()(serve)
app.command()(doctor)
app.add_typer(evaluate_app, name="eval")
app.add_typer(models_app, name="models")
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(data_app, name="data")


UNFORESEEN = 3  # exit code


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
    """Run the command line; every error is one sentence and its mend on standard error."""
    write_utf8()
    with ExitStack() as edge:
        edge.push(_unforeseen)
        sys.exit(run())
    sys.exit(UNFORESEEN)


def run() -> int:
    """The exit code of the command that sys.argv names."""
    command = typer.main.get_command(app)
    try:
        _check_words(sys.argv[1:])
        return command.main(prog_name="rsvlm", standalone_mode=False) or 0
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except UsageError as error:
        print(usage_line(error), end="", file=sys.stderr)
        return 2
    except RsvlmError as error:
        print(f"rsvlm: {error.message} {error.hint}".strip(), file=sys.stderr)
        return error.exit_code


def _check_words(words: list[str]) -> None:
    """Phrases, questions and names that are no text cannot be told to a model. Raises RsvlmError (bad_request)."""
    for word in words:
        shown = word.encode("utf-8", "replace").decode()
        if shown != word and not os.path.lexists(word):
            raise RsvlmError("bad_request", f"“{shown}” is not UTF-8.", "Set terminal and locale to UTF-8.")


def _unforeseen(_kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> bool:
    """Write a mistake in the program, or a package that cannot be loaded, into the log and say where; ends it there."""
    if not isinstance(error, Exception):
        return False
    from rsvlm.backend.home import prepare_home, start_log

    what = "Something went wrong that rsvlm did not foresee."
    if isinstance(error, ImportError):
        what = f"The package {error.name or 'that this needs'} cannot be loaded."
    if isinstance(error, OSError) and error.strerror:
        what = f"{error.filename or 'A file'} cannot be read or written: {error.strerror}."
    try:
        log = start_log(prepare_home())
    except RsvlmError as unwritable:
        print(f"rsvlm: {what} It could not be logged: {unwritable.message} {unwritable.hint}", file=sys.stderr)
        return True
    words = " ".join(sys.argv[1:2])
    logging.getLogger(__name__).error("rsvlm %s failed", words, exc_info=error)
    print(f"rsvlm: {what} Run “rsvlm doctor”, and report it with {log}.", file=sys.stderr)
    return True


def usage_line(error: Any) -> str:
    """A line on what is wrong with the words of a command, and where to read on; "" where the help is shown anyway."""
    message = " ".join(error.format_message().split())
    if not message:
        return ""
    path = error.ctx.command_path if error.ctx else "rsvlm"
    return f"rsvlm: {message.rstrip('.')}. Try “{path} --help”.\n"


if __name__ == "__main__":
    main()
