"""What writers of published formats share: they hold pictures, not windows of them."""

from __future__ import annotations

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.pictures import size_of


def refuse_parts(record: Record) -> None:
    """Raises RsvlmError (bad_request) where an image of a record is only a part of its picture, or has another grid."""
    for image in record.images:
        window = image.get("window")
        if "extent" in image or (window and list(window) != [0, 0, *(size_of(image["href"]) or ())]):
            raise RsvlmError(
                "bad_request",
                f"The record {record.id} shows a part of {image['href']}, and this format has whole pictures only.",
                "Write regions as coco, which places them in the whole picture, or cut the parts out as pictures first.",
            )


def name_of(record: Record, href: str, taken: set[str]) -> str:
    """What a picture is called, which is then taken: as its record says, or by its href where another is called so."""
    name = str(record.meta.get("filename") or href)
    name = href if name in taken else name
    taken.add(name)
    return name
