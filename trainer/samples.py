"""samples.html: what a model said of pictures that it was never trained on, beside what is right; one file."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from PIL import Image

from rsvlm.trainer.answering import Said
from rsvlm.trainer.pictures import read_picture

SIDE = 224  # pixels of a picture on the page
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
    pictures = "".join(f"<img src='{_source(read_picture(image).pixels)}' alt=''>" for image in one.record.images)
    right = "<br>".join(escape(text) for text in dict.fromkeys(one.references[:REFERENCES]))
    return (
        f"<article>{pictures}<div><p class='asked'>{escape(one.question)}</p>"
        f"<p class='said'><span class='label'>The model</span>{escape(one.text)}</p>"
        f"<p class='right'><span class='label'>Right</span>{right}</p><p class='id'>{escape(one.record.id)}</p></div></article>"
    )


def _source(picture: np.ndarray) -> str:
    """A data URL of a small JPEG."""
    image = Image.fromarray(picture)
    image.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
