"""Every word that a user sees can be translated, and German is complete."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, List

import pytest

ROOT = Path(__file__).resolve().parents[2]
GERMAN = ROOT / "i18n" / "rsvlm_de.ts"
LRELEASE = ("/usr/lib/qt5/bin/lrelease", "lrelease-qt5", "lrelease")

# Calls that show their arguments to the user.
SHOWN = """
    setText setToolTip setStatusTip setWhatsThis setWindowTitle setTitle setPlaceholderText setPlainText setHtml setHelp
    setLabelText setAccessibleName setAccessibleDescription setDialogTitle setHeaderLabels setSuffix setPrefix setFormat
    pushInfo pushWarning pushMessage pushCritical pushSuccess reportError createMessage QAction QLabel QPushButton
    QToolButton QCheckBox QRadioButton QGroupBox QMenu QListWidgetItem addAction addMenu addItem addItems addTab addRow
    QgsProcessingException QgsTask Step RsvlmError
"""
SHOWN_FROM = {**dict.fromkeys(SHOWN.split(), 0), "RsvlmError": 1}
# Names of things, the same in every language.
NAMES = {"rsvlm", "RSVLM_PYTHON", "RSVLM_HOME"}


def update_script():
    spec = importlib.util.spec_from_file_location("i18n_update", ROOT / "i18n" / "update.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def literals(node: ast.AST) -> Iterator[str]:
    """The texts that `node` may be, apart from those that pass through a call."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from literals(part)
    elif isinstance(node, (ast.List, ast.Tuple)):
        for item in node.elts:
            yield from literals(item)
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.BinOp):
        yield from literals(node.left)
        yield from literals(node.right)
    elif isinstance(node, ast.BoolOp):
        for item in node.values:
            yield from literals(item)


def hard_coded(source: str) -> List[str]:
    """The texts with letters in them that `source` shows to the user without translating them."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = 1 if re.match("QgsProcessing(Parameter|Output)[A-Z]", name) else SHOWN_FROM.get(name)
        if first is None:
            continue
        arguments = node.args[:1] if name == "Step" else node.args[first:]
        shown = [text for argument in arguments for text in literals(argument)]
        # Marks of rich text are not words.
        words = [re.sub(r"<[^>]*>|&\w+;", "", text).strip() for text in shown]
        found += [word for word in words if re.search("[A-Za-z]", word) and word not in NAMES]
    return found


def test_check_finds_hard_coded_strings_and_lets_translated_ones_pass() -> None:
    source = """
button.setText("Describe")
label = QLabel(f"{count} tiles")
self.addParameter(QgsProcessingParameterString(self.MODEL, "Model name"))
raise RsvlmError("bad_extent", "It is empty.", tr("Zoom in."))
button.setText(tr("Describe") if ready else "Wait")
QLabel("rsvlm"); QLabel("<b></b>"); QLabel(tr("Fine")); setText(f"{a} · {b}"); RsvlmError("busy", tr("Busy."))
"""
    assert sorted(hard_coded(source)) == ["Describe", "It is empty.", "Model name", "Wait", "tiles"]


# The demo folder runs from the command line and makes the demo project; it is not part of the windows.
WINDOWS = sorted(path for path in (ROOT / "rsvlm_plugin").rglob("*.py") if path.parent.name != "demo")


@pytest.mark.parametrize("path", WINDOWS, ids=lambda path: path.stem)
def test_no_string_is_hard_coded(path: Path) -> None:
    assert hard_coded(path.read_text(encoding="utf-8")) == []


def test_german_has_every_string_of_the_plugin_and_no_other() -> None:
    update = update_script()
    sources, done = update.strings(), update.translations(GERMAN)
    assert [text for text in sources if text not in done] == [], "run make i18n and translate"
    assert [text for text in done if text not in sources] == [], "run make i18n"


def test_translations_keep_what_is_put_into_them() -> None:
    wrong = []
    for source, forms in update_script().translations(GERMAN).items():
        for form in forms:
            slots = [sorted(re.findall(r"\{\w*\}|%n|<[^>]+>", text)) for text in (source, form)]
            ends = [re.search(r"(…|\s*)$", text)[0] for text in (source, form)]
            if slots[0] != slots[1] or ends[0] != ends[1] or form != form.strip(" \n") + ends[0].strip("…"):
                wrong.append((source, form))
    assert wrong == []


def test_german_plurals_have_two_forms() -> None:
    plurals = {s: f for s, f in update_script().translations(GERMAN).items() if "%n" in s}
    assert plurals and all(len(forms) == 2 for forms in plurals.values())


def test_german_has_one_word_for_a_thing() -> None:
    done = {source: forms[0] for source, forms in update_script().translations(GERMAN).items()}
    scored = {source: form for source, form in done.items() if re.search("score", source, re.IGNORECASE)}
    assert len(scored) == 4 and all(done["Score"] in form for form in scored.values())
    needed = [form for source, form in done.items() if source.endswith("A service needs it.")]
    assert len(needed) == 2 and all(form.endswith(" Ein Dienst braucht diese Angabe.") for form in needed)


def test_update_keeps_translations_and_drops_what_is_gone(tmp_path: Path) -> None:
    update = update_script()
    text = update.written("de", {"One & <b>": ["a.py"], "%n tiles": ["a.py"]}, {"One & <b>": ("Eins & <b>",)})
    path = tmp_path / "rsvlm_de.ts"
    path.write_text(text, encoding="utf-8")
    assert update.translations(path) == {"One & <b>": ("Eins & <b>",)}


def test_installed_german_speaks_until_it_is_removed(qgis_app, tmp_path, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin import translation

    lrelease = next(filter(None, map(shutil.which, LRELEASE)), None)
    if lrelease is None:
        pytest.skip("Qt's lrelease is not installed")
    target = tmp_path / "rsvlm_de.qm"
    subprocess.run([lrelease, "-silent", str(GERMAN), "-qm", str(target)], check=True)
    monkeypatch.setattr(translation, "FOLDER", tmp_path)
    german = translation.Translation()
    assert german.install("de_AT")
    assert translation.tr("Describe extent") == "Ausdehnung beschreiben"
    assert translation.tr("%n tiles", 3) == "3 Kacheln"
    german.remove()
    assert translation.tr("Describe extent") == "Describe extent"
    assert not translation.Translation().install("xx")
