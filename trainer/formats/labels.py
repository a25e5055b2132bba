"""Labels of a caption archive in a sentence, where its rows have them: which of some classes a picture shows, several at once.

UCM's multi-labels are those of Chaudhuri et al., IEEE TGRS 56(2), 2018: 17 classes.
"""

from __future__ import annotations

from collections.abc import Iterator

from rsvlm.protocol import Record
from rsvlm.trainer.formats.reading import Source, said
from rsvlm.trainer.records import archive_rows

QUESTION = "Which things are in the image?"


def read(source: Source) -> Iterator[Record]:
    for row in archive_rows(source.path, ("filename", "split", "labels")):
        if source.wants(row["split"]) and row["labels"]:
            yield Record(
                f"{source.path.stem}/{row['filename']}/labels",
                "caption",
                row["split"],
                [{"href": f"/vsizip/{source.path.resolve()}/images/{row['filename']}"}],
                said(QUESTION, sentence(row["labels"])),
                meta={"labels": row["labels"]},
            )


def sentence(labels: list[str]) -> str:
    """In the order of the alphabet: “cars, grass and trees”."""
    *some, last = sorted(labels)
    return f"{', '.join(some)} and {last}" if some else last
