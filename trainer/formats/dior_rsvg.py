"""DIOR-RSVG (MGVLF, arXiv 2210.12634): VOC's XML for each picture, with a description of each object.

train.txt, val.txt and test.txt hold numbers of objects, counted through all XML files in the order of their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 # files with entities are refused

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.reading import Source, lines, said

_SPLITS = ("train", "val", "test")


def read(source: Source) -> Iterator[Record]:
    files = sorted(source.path.rglob("*.xml"), key=lambda path: path.name)
    if not files:
        raise RsvlmError("bad_request", f"{source.path} has no XML files.", "Give the folder of DIOR-RSVG.")
    splits = _splits(source.path)

    def make(numbered: tuple[int, str, ElementTree.Element]) -> Iterator[Record]:
        number, name, found = numbered
        split = splits.get(number) if splits else source.named_split()
        if split is None:
            raise RsvlmError("bad_request", "the object is in no split")
        if not source.wants(split):
            return
        phrase = _text(found, "description")
        box = [float(_text(found, f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")]
        image = source.image(f"JPEGImages/{name}", name)
        meta = {"category": _text(found, "name"), "filename": name}
        region = {"label": phrase, "bbox": box}
        yield Record(f"dior-rsvg/{Path(name).stem}/{number}", "ground", split, [image], said(phrase), [region], meta)

    return source.each(_objects(files, source), make)


def _objects(files: list[Path], source: Source) -> Iterator[tuple[int, str, ElementTree.Element]]:
    """Number, name of the picture, and the object."""
    number = 0
    for path in files:
        try:
            content = path.read_bytes()
            if b"<!ENTITY" in content:
                raise ElementTree.ParseError("entities")
            root = ElementTree.fromstring(content)  # nosec B314 # without entities
        except (ElementTree.ParseError, OSError):
            source.left_out["an XML file cannot be read, and objects behind it may be counted wrongly"] += 1
            continue
        name = root.findtext("filename") or f"{path.stem}.jpg"
        for found in root.findall("object"):
            yield number, name, found
            number += 1


def _splits(folder: Path) -> dict[int, str]:
    """Number of object -> split; empty where there are no lists."""
    found: dict[int, str] = {}
    for split in _SPLITS:
        path = folder / f"{split}.txt"
        if path.exists():
            found |= {int(line): split for line in lines(path) if line.isdigit()}
    return found


def _text(element: ElementTree.Element, path: str) -> str:
    """Raises ValueError where there is none."""
    text = element.findtext(path)
    if not text or not text.strip():
        raise ValueError(path)
    return text.strip()
