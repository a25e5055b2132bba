"""The user's language: every visible string of the plugin passes through `tr`.

Knows nothing of where strings are shown. `i18n/update.py` collects them; `lrelease` compiles what is loaded here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

CONTEXT = "rsvlm"
FOLDER = Path(__file__).resolve().parents[1] / "i18n"


def tr(text: str, count: int = -1) -> str:
    """`text` in the user's language; `%n` in it becomes `count`, with the plural form that the language wants."""
    return QCoreApplication.translate(CONTEXT, text, None, count)


class Translation:
    """The compiled translation of one locale, between `install` and `remove`."""

    def __init__(self) -> None:
        self._translator: Optional[QTranslator] = None

    def install(self, locale: Optional[str] = None) -> bool:
        """Load `i18n/rsvlm_<locale>.qm` (QGIS's own locale unless given), once; False where there is none for it."""
        if self._translator is not None:
            return True
        translator = QTranslator()
        wanted = QLocale(locale or QgsApplication.instance().locale())
        if not translator.load(wanted, "rsvlm", "_", str(FOLDER), ".qm"):
            return False
        QCoreApplication.installTranslator(translator)
        self._translator = translator
        return True

    def remove(self) -> None:
        """Take back what `install` put in place."""
        if self._translator is not None:
            QCoreApplication.removeTranslator(self._translator)
            self._translator = None
