"""The plugin and the protocol run on Python 3.9, the oldest that a supported QGIS brings (3.22 on Windows)."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import Iterator, List

import pytest

TYPES = {"int", "str", "float", "bool", "bytes", "list", "dict", "tuple", "set", "frozenset", "type", "object", "Path"}
NEWER_ARGUMENTS = {"zip": {"strict"}, "dataclass": {"slots", "kw_only"}}


def old_files(root: Path) -> List[Path]:
    command = [
        "git",
        "-C",
        str(root),
        "ls-files",
        "-co",
        "--exclude-standard",
        "--",
        "rsvlm_plugin",
        "protocol",
        "__init__.py",
    ]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return [root / name for name in names if name.endswith(".py") and (root / name).is_file()]


def is_type(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    if isinstance(node, ast.Subscript):
        return is_type(node.value)
    return isinstance(node, ast.Name) and node.id in TYPES


def annotations(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            found = getattr(node, name, None)
            if isinstance(found, ast.expr):
                yield found


def too_new(source: str) -> List[str]:
    """What Python 3.9 does not understand, as "line: what"."""
    try:
        tree = ast.parse(source, feature_version=(3, 9))
    except SyntaxError as error:
        return [f"{error.lineno}: {error.msg}"]
    found = []
    lazy = any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body)
    unread = {id(part) for annotation in annotations(tree) for part in ast.walk(annotation)} if lazy else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and id(node) not in unread:
            unions = is_type(node.left) or is_type(node.right)
            found += [f"{node.lineno}: a union of types by |"] if unions else []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            newer = {keyword.arg for keyword in node.keywords} & NEWER_ARGUMENTS.get(node.func.id, set())
            found += [f"{node.lineno}: {node.func.id}({argument}=…)" for argument in newer]
    return found


def test_plugin_and_protocol_are_python_3_9(root: Path) -> None:
    files = old_files(root)
    assert root / "protocol" / "record.py" in files
    found = [f"{path.relative_to(root)}:{what}" for path in files for what in too_new(path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("def f(x: int | None): ...", "1: a union of types by |"),
        ("from __future__ import annotations\nA = int | None", "2: a union of types by |"),
        ("isinstance(1, int | str)", "1: a union of types by |"),
        ("zip([1], [2], strict=True)", "1: zip(strict=…)"),
        ("match 1:\n    case 1: pass", "2: Pattern matching"),
    ],
)
def test_newer_python_is_found(source: str, complaint: str) -> None:
    found = too_new(source)
    assert len(found) == 1
    assert found[0].startswith(complaint)


def test_union_in_an_annotation_that_is_never_evaluated_is_fine() -> None:
    assert too_new("from __future__ import annotations\ndef f(x: int | None) -> str | None: ...") == []
