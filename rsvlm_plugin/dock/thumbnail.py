"""What the model will see, and what that is: the picture, its resolution, size, CRS, bands, tiles and cost."""

from __future__ import annotations

import base64
from typing import Any, Dict, List, Optional

from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QIcon, QPixmap
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ...protocol import RsvlmError
from ..environment.locate import SET_UP
from ..layers.fetching import Seen
from ..translation import tr
from . import figures

SIDE = 96


class Thumbnail(QWidget):
    """Emits `clicked` when the user asks where on the map the picture lies, `set_up_asked` where a backend is missing."""

    clicked = pyqtSignal()
    set_up_asked = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.picture = QToolButton()
        self.picture.setObjectName("rsvlm_thumbnail")
        self.picture.setIconSize(QSize(SIDE, SIDE))
        self.picture.setFixedSize(SIDE + 8, SIDE + 8)
        self.picture.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.picture.setAccessibleName(tr("What the model will see"))
        self.picture.setToolTip(tr("What the model will see. Click to show the place on the map."))
        self.picture.clicked.connect(self.clicked)
        self.caption = QLabel()
        self.caption.setObjectName("rsvlm_caption")
        self.caption.setTextFormat(Qt.TextFormat.PlainText)
        self.caption.setWordWrap(True)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading)
        self.caption.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.notice = QLabel()
        self.notice.setObjectName("rsvlm_notice")
        self.notice.setTextFormat(Qt.TextFormat.PlainText)
        self.notice.setWordWrap(True)
        self.notice.hide()
        self.set_up_button = QPushButton(tr("Set Up Backend…"))
        self.set_up_button.setObjectName("rsvlm_set_up")
        self.set_up_button.clicked.connect(self.set_up_asked)
        self.set_up_button.hide()
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.caption, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._row)
        box.addWidget(self.notice)
        box.addWidget(self.set_up_button, 0, Qt.AlignmentFlag.AlignLeading)

    def wait(self) -> None:
        """The picture is on its way."""
        self._forget()
        self._row.show()
        self.caption.setText(tr("Looking…"))

    def show_preview(self, seen: Seen, preview: Dict[str, Any]) -> None:
        """Show the reply of /v1/view for what was seen."""
        pixmap = QPixmap()
        pixmap.loadFromData(base64.b64decode(preview["thumbnail"]))
        self._row.show()
        self.picture.setIcon(QIcon(pixmap))
        text = "\n".join(caption_lines(seen, preview))
        self.caption.setText(text)
        self.picture.setAccessibleDescription(text)
        self._note(" ".join(filter(None, [seen.place.note, *(preview.get("warnings") or ())])))

    def show_error(self, error: RsvlmError) -> None:
        """Say why there is no picture."""
        self._forget()
        self._row.hide()
        to_set_up = SET_UP in error.details
        self.set_up_button.setVisible(to_set_up)
        self._note(error.message if to_set_up else f"{error.message} {error.hint}".strip())

    def _forget(self) -> None:
        self.picture.setIcon(QIcon())
        self.picture.setAccessibleDescription("")
        self.caption.setText("")
        self.set_up_button.hide()
        self._note("")

    def _note(self, text: str) -> None:
        self.notice.setText(text)
        self.notice.setVisible(bool(text))


def caption_lines(seen: Seen, preview: Dict[str, Any]) -> List[str]:
    """The caption: resolution and size; CRS and date; source; how it was read; tiles and cost."""
    size, place = [], []
    if preview.get("gsd_m"):
        size.append(tr("{length}/px").format(length=figures.metres(preview["gsd_m"])))
    if preview.get("ground_m"):
        size.append(figures.ground(*preview["ground_m"]))
    crs = preview.get("crs")
    if not crs:
        place.append(tr("no CRS"))
    else:
        place.append(crs if crs.startswith("EPSG:") else tr("own CRS"))
    if preview.get("acquired"):
        place.append(figures.day(preview["acquired"]))
    if seen.drawn:
        many = seen.layer_count > 1
        how = tr("drawn from %n layers", seen.layer_count) if many else tr("drawn from the map")
    else:
        bands = preview.get("bands") or ()
        how = tr("bands {bands}, native").format(bands="-".join(str(band) for band in bands))
    tiles = int(preview.get("tiles") or 1)
    cost = [tr("%n tiles", tiles) if tiles > 1 else tr("1 tile")]
    if preview.get("server"):
        width, height = preview["size"]
        cost = [tr("{w} × {h} px, sent to {server}").format(w=width, h=height, server=preview["server"])]
    if preview.get("seconds") is not None:
        cost.append(tr("about {time}").format(time=figures.seconds(preview["seconds"])))
    name = seen.raster.name or seen.place.name
    lines = [" · ".join(size), " · ".join(place), name, how, " · ".join(cost)]
    return [line for line in lines if line]
