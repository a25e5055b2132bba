"""The page: everything in one HTML file, pictures included, to be read without a network and in old browsers too."""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.stats.charts import bars, binned, figure, histogram
from rsvlm.trainer.stats.report import Findings

_EXAMPLES, _GROUPS, _IN_GROUP = 24, 8, 6
_CLASSES, _SOURCES, _SIZES = 30, 15, 8

_STYLE = """
body{margin:0;background:#f5f6f7;color:#1d2733;font:15px/1.5 "Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 24px 60px}
h1{font-size:25px;margin:0}h2{font-size:17px;margin:0 0 12px}h3{font-size:13px;margin:16px 0 6px;color:#5a6775}
.path{color:#5a6775;margin:2px 0 20px;word-wrap:break-word}
.tile{display:inline-block;background:#fff;border-radius:8px;padding:12px 18px;margin:0 10px 10px 0;min-width:112px;
box-shadow:0 1px 2px rgba(20,40,60,.12);vertical-align:top}
.tile b{display:block;font-size:23px;line-height:1.2}.tile span{color:#5a6775;font-size:13px}
.tile.bad{box-shadow:inset 4px 0 0 #c2410c,0 1px 2px rgba(20,40,60,.12)}.tile.bad b{color:#b03a0a}
.tile.good b{color:#15724a}
section{background:#fff;border-radius:8px;padding:18px 22px;margin:14px 0;box-shadow:0 1px 2px rgba(20,40,60,.12);overflow:hidden}
.half{display:inline-block;width:48%;vertical-align:top;margin-right:1%}
table.bars{border-collapse:collapse;width:100%;table-layout:fixed}
table.bars td{padding:2px 8px 2px 0;font-size:13px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
table.bars td:nth-child(1){width:34%}table.bars td:nth-child(3){width:62px;text-align:right}
table.bars td:nth-child(4){width:56px;text-align:right;color:#5a6775}
table.bars i{display:block;height:12px;background:#2f7f8f;border-radius:2px;min-width:1px}
tr.rest td{color:#5a6775}
svg.histogram{max-width:100%;height:auto}svg.histogram rect{fill:#2f7f8f}svg.histogram line{stroke:#c8d0d8}
svg.histogram text{font-size:11px;fill:#5a6775}.unit{color:#5a6775;font-size:12px}
.figure{display:inline-block;width:128px;margin:0 10px 14px 0;vertical-align:top;font-size:12px;line-height:1.35;color:#5a6775}
.figure img,.no-picture{width:128px;height:128px;border-radius:4px;background:#e6eaee;display:block;margin-bottom:4px}
.no-picture{text-align:center;line-height:128px}
.figure div{overflow:hidden;max-height:4.1em;word-wrap:break-word}
.group{display:inline-block;vertical-align:top;background:#f5f6f7;border-radius:6px;padding:10px 0 0 10px;margin:0 10px 10px 0}
.none{color:#5a6775;margin:4px 0}.list{font-size:13px;margin:4px 0;padding-left:20px}.list li{margin:2px 0;word-wrap:break-word}
"""


def page(findings: Findings) -> str:
    """The whole of it."""
    found = findings.found
    parts = [
        _tiles(findings),
        _leakage(findings),
        _twice(findings),
        _wrong(findings),
        _section("What there is", _half("Splits", bars(found.splits, 12)) + _half("Tasks", bars(found.tasks, 12))),
        _section("Where it comes from", bars(found.sources, _SOURCES)) if len(found.sources) > 1 else "",
        _section(f"Classes ({len(found.classes):,})", bars(found.classes, _CLASSES)) if found.classes else "",
        _measures(findings),
        _examples(findings),
    ]
    title, path = escape(findings.records.path.name), escape(str(findings.records.path))
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{title}</h1><p class='path'>{path}</p>{''.join(parts)}</main></body></html>"
    )


def write_page(path: Path, text: str) -> None:
    """Beside it first, so that there is never half a page. Raises RsvlmError (bad_request)."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        raise RsvlmError(
            "bad_request", f"{path} cannot be written.", "Choose a folder that can be written to."
        ) from error


def _section(title: str, inside: str) -> str:
    return f"<section><h2>{title}</h2>{inside}</section>"


def _half(title: str, inside: str) -> str:
    return f"<div class='half'><h3>{title}</h3>{inside}</div>"


def _tiles(findings: Findings) -> str:
    found, twice = findings.found, findings.overlaps
    plain = [(found.records, "records"), (len(found.digests), "pictures"), (sum(found.words.values()), "answers")]
    watched = [
        (found.wrong, "wrong lines"),
        (found.broken, "broken pictures"),
        (len(twice.exact), "sets of equal pictures"),
        (len(twice.near), "sets of similar pictures"),
        (len(twice.leaks), "pictures in two splits"),
    ]
    shown = "".join(f"<div class='tile'><b>{count:,}</b><span>{name}</span></div>" for count, name in plain)
    return shown + "".join(
        f"<div class='tile {'bad' if count else 'good'}'><b>{count:,}</b><span>{name}</span></div>"
        for count, name in watched
    )


def _leakage(findings: Findings) -> str:
    twice = findings.overlaps
    counts = Counter(f"{low} / {high}" for _, _, low, high in twice.leaks)
    lines = [f"{count:,} pictures are in {names}, the same or similar." for names, count in counts.items()]
    lines += [
        f"{count:,} of {twice.sentences:,} different sentences are in {names}."
        for names, count in twice.shared_sentences.items()
    ]
    if not lines:
        return ""
    pairs = []
    for first, second, low, high in twice.leaks[:_GROUPS]:
        figures = [_figure(findings, first, low if second != first else f"{low} / {high}")]
        figures += [_figure(findings, second, high)] if second != first else []
        pairs.append(f"<div class='group'>{''.join(figures)}</div>")
    return _section("What splits share", f"<ul class='list'>{_items(lines)}</ul>{''.join(pairs)}")


def _figure(findings: Findings, number: int, note: str = "") -> str:
    shown, record, name = findings.picture(number)
    return figure(shown, [line for line in (note, record if name in record else f"{record} {name}") if line])


def _twice(findings: Findings) -> str:
    told = ""
    for title, groups in (
        ("The same pixels", findings.overlaps.exact),
        (f"Similar: {findings.distance} bits or fewer of 64 differ", findings.overlaps.near),
    ):
        if groups:
            rows = [
                f"<div class='group'>{''.join(_figure(findings, number) for number in group[:_IN_GROUP])}"
                + (f"<p class='none'>and {len(group) - _IN_GROUP:,} more</p>" if len(group) > _IN_GROUP else "")
                + "</div>"
                for group in groups[:_GROUPS]
            ]
            more = f"<p class='none'>and {len(groups) - _GROUPS:,} more sets</p>" if len(groups) > _GROUPS else ""
            told += f"<h3>{title} ({len(groups):,})</h3>{''.join(rows)}{more}"
    return _section("Pictures that are there more than once", told) if told else ""


def _wrong(findings: Findings) -> str:
    found = findings.found
    rows = [f"{one['record']}: {one['why']}" for one in found.broken_pictures] + found.wrong_lines
    if found.repeated_ids:
        rows.append(f"Records with an id that another one has: {found.repeated_ids:,}.")
    if found.blank:
        rows.append(f"Pictures that show one colour only: {found.blank:,}.")
    more = found.wrong + found.broken - len(found.wrong_lines) - len(found.broken_pictures)
    rows += [f"and {more:,} more"] if more else []
    return _section("What is wrong", f"<ul class='list'>{_items(rows)}</ul>") if rows else ""


def _items(lines: list[str]) -> str:
    return "".join(f"<li>{escape(line)}</li>" for line in lines)


def _measures(findings: Findings) -> str:
    found = findings.found
    longest: Counter[int] = Counter()
    for (width, height), count in found.sizes.items():
        longest[max(width, height)] += count
    sizes = {f"{width} × {height}": count for (width, height), count in found.sizes.items()}
    spread = histogram(binned(longest), "pixels of the longer side") if len(sizes) > _SIZES else bars(sizes, _SIZES)
    return _section(
        "How long and how large",
        _half("Answers", histogram(binned(found.words), "words")) + _half("Pictures", spread),
    )


def _examples(findings: Findings) -> str:
    """Pictures from all over the file, with what is said of them."""
    count = len(findings.found.digests)
    chosen = sorted({at * count // _EXAMPLES for at in range(_EXAMPLES)}) if count else []
    shown = []
    for number in chosen:
        record = findings.records[findings.found.records_of[number]]
        words = record.captions[0] if record.captions else ", ".join(dict.fromkeys(r["label"] for r in record.regions))
        shown.append(figure(findings.picture(number)[0], [words[:120]]))
    return _section("Examples", "".join(shown)) if shown else ""
