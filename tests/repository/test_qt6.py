"""What the plugin says of Qt exists under Qt 5 (QGIS 3) and under Qt 6 (QGIS 4)."""

from __future__ import annotations

from pathlib import Path


def test_types_of_fields_are_named_as_both_qts_know_them(root: Path) -> None:
    """Under Qt 6, QGIS puts back `QVariant.String`, not `QVariant.Type.String`."""
    files = sorted((root / "rsvlm_plugin").rglob("*.py"))
    assert root / "rsvlm_plugin" / "layers" / "found.py" in files
    assert [str(path) for path in files if "QVariant.Type" in path.read_text(encoding="utf-8")] == []
