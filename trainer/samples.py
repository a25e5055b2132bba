"""samples.html: what a model said of pictures that it was never trained on, beside what is right; one file."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from PIL import Image, ImageDraw

from rsvlm.trainer.answering import Said
from rsvlm.trainer.box_texts import read_boxes
from rsvlm.trainer.measuring.drawn import resized
from rsvlm.trainer.pictures import Picture, read_picture
from rsvlm.trainer.regions import decode

SIDE = 224  # pixels of a picture on the page
RIGHT, TOLD = (60, 230, 130), (255, 60, 40)  # outlines
DRAWN = "Green: what is right. Red, over it: what the model drew."
REFERENCES = 3  # that are shown of each

STYLE = """
body{margin:0;background:#f5f6f7;color:#1d2733;font:15px/1.5 "Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 24px 60px}
h1{font-size:25px;margin:0}.note{color:#5a6775;margin:2px 0 18px}
table.figures{border-collapse:collapse;background:#fff;border-radius:8px;margin:0 0 20px;box-shadow:0 1px 2px rgba(20,40,60,.12)}
.figures th,.figures td{text-align:right;padding:5px 16px;font-weight:normal}.figures th{color:#5a6775;font-size:13px}
.figures td:first-child,.figures th:first-child{text-align:left}
.figures .range{color:#5a6775;font-size:12px}
article{background:#fff;border-radius:8px;padding:14px;margin:0 0 12px;box-shadow:0 1px 2px rgba(20,40,60,.12);overflow:hidden}
article img{float:left;height:168px;border-radius:4px;margin-right:14px;background:#e6eaee}
article div{overflow:hidden}article p{margin:0 0 6px}
.asked{color:#5a6775}.said{font-size:17px}.right{color:#15724a}.label{font-size:12px;color:#5a6775;display:block}
.right span.label{color:#5a6775}.id{font-size:12px;color:#8a95a1;word-wrap:break-word}
"""


def page(title: str, note: str, state: Mapping[str, object], said: Sequence[Said]) -> str:
    """state: of Held. The whole page."""
    told = "".join(map(_article, said))
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1><p class='note'>{escape(note)}</p>"
        f"{_figures(state)}{told}</main></body></html>"
    )


def _figures(state: Mapping[str, object]) -> str:
    """A row for each figure, a column for each moment that it is known of."""
    moments = [
        (name, found)
        for name, key in (("before training", "before"), ("best", "best"), ("latest", "latest"))
        if isinstance(found := state.get(key), dict)
    ]
    names = dict.fromkeys(figure for _, found in moments for figure in found["figures"])
    head = "".join(f"<th>{name}<br>step {found['step']:,}</th>" for name, found in moments)
    rows = "".join(
        f"<tr><td>{escape(figure)}</td>{''.join(_cell(found, figure) for _, found in moments)}</tr>" for figure in names
    )
    return f"<table class='figures'><tr><th></th>{head}</tr>{rows}</table>" if names else ""


def _cell(found: Mapping[str, dict[str, object]], figure: str) -> str:
    value = found["figures"].get(figure)
    if not isinstance(value, float | int):
        return "<td></td>"
    bounds = found["ci95"].get(figure)
    between = f" <span class='range'>{bounds[0]:.3f} – {bounds[1]:.3f}</span>" if isinstance(bounds, list) else ""
    return f"<td>{value:.3f}{between}</td>"


def _article(one: Said) -> str:
    pictures = "".join(f"<img src='{_source(shown(one, read_picture(image)))}' alt=''>" for image in one.record.images)
    right = "<br>".join(escape(text) for text in dict.fromkeys(one.references[:REFERENCES])) or DRAWN
    return (
        f"<article>{pictures}<div><p class='asked'>{escape(one.question)}</p>"
        f"<p class='said'><span class='label'>The model</span>{escape(one.text)}</p>"
        f"<p class='right'><span class='label'>Right</span>{right}</p><p class='id'>{escape(one.record.id)}</p></div></article>"
    )


def shown(one: Said, picture: Picture) -> Image.Image:
    """Small, with outlines of what is right and of what was told, where these are masks or boxes."""
    image = Image.fromarray(picture.pixels)
    image.thumbnail((SIDE, SIDE))
    if not one.is_drawn:
        return image
    across, down = image.width / picture.width, image.height / picture.height
    for shapes, colour in ((one.row.get("reference", one.row.get("references")), RIGHT), (one.row["prediction"], TOLD)):
        if isinstance(shapes, dict):
            edge = _edge(resized(decode(shapes), image.height, image.width))
            image.paste(colour, mask=Image.fromarray(edge))
        else:
            for corners in read_boxes(shapes, turned=True):
                ImageDraw.Draw(image).polygon([(x * across, y * down) for x, y in corners], outline=colour, width=2)
    return image


def _edge(mask: np.ndarray) -> np.ndarray:
    """Those pixels of it that have a neighbour outside."""
    around = np.pad(mask, 1)
    inside: np.ndarray = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    return mask & ~inside


def _source(image: Image.Image) -> str:
    """A data URL of a JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
