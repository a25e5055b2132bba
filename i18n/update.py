"""Gather what the plugin says to people into i18n/rsvlm_*.ts, for translators.

    python3 i18n/update.py

Every string goes through `tr` (rsvlm_plugin/translation.py), in one context. A translation that is there is kept; a
string that is gone from the plugin goes from the files. Standard library only, so that any Python can run it.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Dict, List, Tuple
from xml.etree import ElementTree  # nosec B405: it reads our own files, which lie beside this one
from xml.sax.saxutils import escape  # nosec B406: as above

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = "rsvlm"
LANGUAGES = ("de",)
PLURAL = "%n"

Sources = Dict[str, List[str]]  # what is said: the files that say it


def strings(folder: Path = ROOT / "rsvlm_plugin") -> Sources:
    """Every text given to `tr` below `folder`. Exits with a message where one is not a plain literal."""
    found: Sources = {}
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr"):
                continue
            text = node.args[0] if node.args else None
            if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
                sys.exit(f"{path}:{node.lineno}: tr() wants a literal; put what varies in with .format()")
            files = found.setdefault(text.value, [])
            name = path.relative_to(folder.parent).as_posix()
            if name not in files:
                files.append(name)
    return found


def translations(path: Path) -> Dict[str, Tuple[str, ...]]:
    """The finished translations of a .ts file: one form each, or one per number for plurals."""
    if not path.is_file():
        return {}
    done: Dict[str, Tuple[str, ...]] = {}
    for message in ElementTree.parse(path).iter("message"):  # nosec B314: as above
        translation = message.find("translation")
        if translation is None or translation.get("type") is not None:
            continue
        forms = [form.text or "" for form in translation.findall("numerusform")] or [translation.text or ""]
        if all(forms):
            done[message.findtext("source", "")] = tuple(forms)
    return done


def written(language: str, sources: Sources, done: Dict[str, Tuple[str, ...]]) -> str:
    """A .ts file (Qt Linguist, version 2.1)."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<!DOCTYPE TS>"]
    lines.append(f'<TS version="2.1" language="{language}" sourcelanguage="en">')
    lines += ["<context>", f"    <name>{CONTEXT}</name>"]
    for source in sorted(sources):
        forms = done.get(source, ())
        state = "" if forms else ' type="unfinished"'
        lines.append('    <message numerus="yes">' if PLURAL in source else "    <message>")
        lines += [f'        <location filename="../{name}"/>' for name in sources[source]]
        lines.append(f"        <source>{escape(source)}</source>")
        if PLURAL in source:
            lines.append(f"        <translation{state}>")
            lines += [f"            <numerusform>{escape(form)}</numerusform>" for form in forms or ("", "")]
            lines.append("        </translation>")
        else:
            lines.append(f"        <translation{state}>{escape(forms[0]) if forms else ''}</translation>")
        lines.append("    </message>")
    return "\n".join([*lines, "</context>", "</TS>", ""])


def main() -> None:
    sources = strings()
    for language in LANGUAGES:
        path = ROOT / "i18n" / f"rsvlm_{language}.ts"
        done = translations(path)
        path.write_text(written(language, sources, done), encoding="utf-8")
        missing = sum(source not in done for source in sources)
        print(f"{path.name}: {len(sources)} strings, {missing} to translate")


if __name__ == "__main__":
    main()
