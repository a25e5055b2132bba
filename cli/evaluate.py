"""`rsvlm eval`: measure models on data with references, and predictions of others."""

from __future__ import annotations

from pathlib import Path

import typer

from rsvlm.cli.eval_difference import measure_difference
from rsvlm.cli.evaluated import Options, command

VOCABULARY: Options = {
    "vocabulary": (Path | None, typer.Option(None, help="levir-cc-ids: the word map, JSON; default: the references' words."))
}  # fmt: skip

TEMPLATES: Options = {
    "templates": (Path | None, typer.Option(None, help="Sentences on a class, one in a line with {}; default: the model's."))
}  # fmt: skip

KNOWLEDGE: Options = {
    "library": (Path | None, typer.Option(None, "--knowledge", help="The library that answers rest on; see “rsvlm knowledge”."))
}  # fmt: skip

evaluate_app = typer.Typer(help="Measure models on data with references.", no_args_is_help=True)
for name, told, protocols, more in (
    ("caption", "Score captions against references.", "coco (default), coco-ptb (needs Java), spaces or levir-cc-ids;",
     VOCABULARY),
    ("vqa", "Score answers to questions, by type.", "rsvqa (default), rsvqa-hr, exact, count or yes-no;", {}),
    ("change", "Score what is said of two dates.",
     "levir-cc-ids (default), coco, coco-ptb, spaces, deltavlm-count, deltavlm-location, yes-no, exact, masks or pixels;",
     VOCABULARY),
    ("segment", "Score masks of what phrases name.",
     "masks (default): above 0 is the thing; lisa: 1 is, and 255 is left out of account; semantic: each pixel is "
     "of one class; presence: whether anything is drawn, of what is there and of what is not.", {}),
    ("ground", "Score boxes around what phrases name.",
     "boxes (default): turned by their angles; boxes-upright: angles are left out of account.", {}),
    ("retrieval", "Score how often what belongs together is found, both ways between pictures and captions.",
     "rs5m (default): in percent, over all captions; skyscript: in fractions, over captions that differ.", {}),
    ("zeroshot", "Score classes told apart by their names.",
     "top-k (default): by both orders of averaging sentences; best-f1: each class against the rest.",
     TEMPLATES),
    ("localize", "Score maps of where a phrase is in a picture.", "selo is the only one: Rsu, Rda, Ras and Rmi.", {}),
    ("rag", "Score answers with passages of a library and without.",
     "exact (default): answers as they are; contains: the words of a reference are in the answer.", KNOWLEDGE),
    ("consistency", "Score whether answers stay the same in other words and on the picture turned or brighter.",
     "same is the only one: shares of answers that are equal.", {}),
):  # fmt: skip
    evaluate_app.command(name)(command(name, told, protocols, more))
evaluate_app.command("difference")(measure_difference)
