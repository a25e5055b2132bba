"""Who may import whom: every import of the project's Python files, held against the table of the architecture."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import pytest

# Of this project. A trailing dot allows everything below; the root package itself is always there.
ALLOWED: Dict[str, Tuple[str, ...]] = {
    "__init__": ("rsvlm_plugin.",),
    "protocol": (),
    "geo": ("protocol",),
    "models": ("protocol", "geo.view"),
    "library": ("protocol", "geo.", "models."),
    "tasks": ("protocol", "geo.", "models.", "library."),
    "backend": (
        "protocol",
        "geo.",
        "tasks.",
        "library.",
        "models.cards",
        "models.folders",
        "models.ladder",
        "models.load",
        "models.memory",
        "models.pool",
    ),
    "trainer": ("protocol", "geo.", "models.", "library.", "tasks."),
    "cli": ("protocol", "geo.", "models.", "library.", "tasks.", "backend.", "trainer."),
    "rsvlm_plugin": ("protocol",),
}
# Of other projects, inside QGIS: what QGIS itself brings on every system.
PLUGIN_OUTSIDE = {"qgis", "osgeo", "numpy"}
QT_AND_QGIS = {"qgis", "PyQt5", "PyQt6", "PySide2", "PySide6", "sip", "processing"}


def python_files(root: Path, *folders: str) -> List[Path]:
    """Tracked and new Python files, without what git ignores."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return [root / name for name in names if name.endswith(".py") and (root / name).is_file()]


def imports(path: Path, root: Path) -> Iterator[Tuple[int, str]]:
    """Line and absolute dotted name of everything that a file imports; relative imports are resolved below `rsvlm`."""
    package = ["rsvlm", *path.relative_to(root).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                target = root.joinpath(*module.split(".")[1:], alias.name)
                names_a_module = module.startswith("rsvlm") and (target.is_dir() or target.with_suffix(".py").is_file())
                yield node.lineno, f"{module}.{alias.name}" if names_a_module else module


def part_of(name: str) -> str:
    """The folder, or the module of the root, that a path or dotted name below the project belongs to."""
    return name.split(".")[0]


def permitted(importer: str, imported: str) -> bool:
    """importer: a part; imported: a dotted name below rsvlm, such as geo.scene."""
    if part_of(imported) == importer:
        return True
    rules = ALLOWED[importer]
    return any(imported == rule.rstrip(".") or (rule.endswith(".") and imported.startswith(rule)) for rule in rules)


def violations(root: Path) -> List[str]:
    found = []
    for path in python_files(root):
        relative = path.relative_to(root)
        importer = relative.parts[0] if len(relative.parts) > 1 else relative.stem
        if importer not in ALLOWED:
            continue
        for line, name in imports(path, root):
            top = name.split(".")[0]
            if top == "rsvlm":
                imported = name[len("rsvlm.") :] or "__init__"
                if imported != "__init__" and not permitted(importer, imported):
                    found.append(f"{relative}:{line}: {importer} must not import rsvlm.{imported}")
            elif importer in ("rsvlm_plugin", "protocol", "__init__"):
                outside = PLUGIN_OUTSIDE if importer == "rsvlm_plugin" else set()
                if top not in sys.stdlib_module_names and top not in outside:
                    found.append(f"{relative}:{line}: {importer} must not import {name}")
            elif top in QT_AND_QGIS:
                found.append(f"{relative}:{line}: only rsvlm_plugin imports {top}")
    return found


def test_every_folder_imports_only_what_the_table_allows(root: Path) -> None:
    assert violations(root) == []


def test_plugin_uses_relative_imports_only(root: Path) -> None:
    absolute = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in python_files(root, "rsvlm_plugin")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "") or ""]
        )
        if isinstance(node, (ast.Import, ast.ImportFrom))
        and name.split(".")[0] == "rsvlm"
        and not getattr(node, "level", 0)
    ]
    assert absolute == []


def test_nothing_but_tests_imports_tests(root: Path) -> None:
    shipped = [path for path in python_files(root) if path.relative_to(root).parts[0] != "tests"]
    guilty = [
        f"{path.relative_to(root)}:{line}"
        for path in shipped
        for line, name in imports(path, root)
        if name.split(".")[0] == "tests" or name.startswith("rsvlm.tests")
    ]
    assert guilty == []


def test_root_package_imports_nothing_when_it_is_imported(root: Path) -> None:
    body = ast.parse((root / "__init__.py").read_text(encoding="utf-8")).body
    kinds: Set[str] = {type(node).__name__ for node in body}
    assert kinds == {"Expr", "FunctionDef"}, "a docstring and classFactory, nothing else"


@pytest.mark.parametrize(
    ("folder", "source", "complaint"),
    [
        ("geo", "from rsvlm.models.cards import get_card", "geo must not import rsvlm.models.cards"),
        ("models", "import rsvlm.geo.scene", "models must not import rsvlm.geo.scene"),
        (
            "backend",
            "from rsvlm.models.families.compact.network import Compact",
            "backend must not import rsvlm.models.families",
        ),
        ("tasks", "def late():\n    from rsvlm import backend", "tasks must not import rsvlm.backend"),
        ("rsvlm_plugin", "from ..geo import scene", "rsvlm_plugin must not import rsvlm.geo.scene"),
        ("rsvlm_plugin", "import torch", "rsvlm_plugin must not import torch"),
        ("cli", "from qgis.core import QgsProject", "only rsvlm_plugin imports qgis"),
    ],
)
def test_forbidden_import_is_found_with_file_and_line(tmp_path: Path, folder: str, source: str, complaint: str) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / folder).mkdir()
    (tmp_path / "geo").mkdir(exist_ok=True)
    (tmp_path / "geo" / "scene.py").write_text("")
    (tmp_path / "models" / "families" / "compact").mkdir(parents=True, exist_ok=True)
    (tmp_path / "models" / "families" / "compact" / "network.py").write_text("")
    (tmp_path / "backend").mkdir(exist_ok=True)
    (tmp_path / folder / "wrong.py").write_text(f'"""A file."""\n\n{source}\n')
    found = violations(tmp_path)
    line = 3 + source.count("\n")
    assert len(found) == 1
    assert found[0].startswith(f"{folder}/wrong.py:{line}: {complaint}")


@pytest.mark.parametrize(
    "module",
    [
        "rsvlm",
        "rsvlm.protocol",
        "rsvlm.models",
        "rsvlm.models.cards",
        "rsvlm.tasks",
        "rsvlm.tasks.preview",
        "rsvlm.backend.supervisor",
        "rsvlm.cli.main",
    ],
)
def test_module_that_must_start_quickly_leaves_torch_alone(root: Path, module: str) -> None:
    program = (
        "import sys, importlib.util as u; top = sys.argv[1]\n"
        "s = u.spec_from_file_location('rsvlm', top + '/__init__.py', submodule_search_locations=[top])\n"
        "p = sys.modules['rsvlm'] = u.module_from_spec(s); s.loader.exec_module(p)\n"
        "__import__(sys.argv[2]); print(sorted({'torch', 'transformers', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(root), module], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "[]"
