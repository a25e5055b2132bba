"""Questions of a caption archive, where its rows have them: a picture, a question about it, a short answer.

As in UCM-Captions with questions: each is of a type by its wording, for which accuracies are told apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from rsvlm.protocol import Record
from rsvlm.trainer.formats.reading import Source, said
from rsvlm.trainer.records import archive_rows

TYPES = (
    ("theme", ("what is the theme",)),
    ("presence", ("does ", "is there", "are there")),
    ("count", ("how many",)),
    ("location", ("what is the location", "where")),
)


def read(source: Source) -> Iterator[Record]:
    """The same question of one picture, in small letters or not, is asked once."""
    for row in archive_rows(source.path, ("filename", "split", "qa")):
        if not source.wants(row["split"]):
            continue
        asked = {" ".join(question.lower().split()): (question, answer) for question, answer in reversed(row["qa"])}
        for number, (question, answer) in enumerate(reversed(asked.values())):
            yield Record(
                f"{source.path.stem}/{row['filename']}/{number}",
                "vqa",
                row["split"],
                [{"href": f"/vsizip/{source.path.resolve()}/images/{row['filename']}"}],
                said(question, answer),
                meta={"type": type_of(question)},
            )


def type_of(question: str) -> str:
    """theme, presence, count, location or other."""
    words = question.lower().strip()
    return next((name for name, begins in TYPES if words.startswith(begins)), "other")
