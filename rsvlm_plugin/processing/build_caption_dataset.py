"""`rsvlm:buildcaptiondataset`: rasters, and what is known of them, as records that a model can be trained on.

The records are made by `rsvlm data` in the backend's process, raster after raster; then they are joined and held out by place.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, Union

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingOutputHtml,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ...protocol import RsvlmError
from ..translation import tr
from .algorithm import Algorithm, sentence

if TYPE_CHECKING:
    from ..layers.snapshot import Snapshot
    from .dataset import Wishes

UNITS = ("pixels", "metres")
LAYOUTS = ("grid", "around")


class BuildCaptionDataset(Algorithm):
    """What the rasters show is said by features of a map, by labels, or by a model."""

    INPUT, FEATURES, CALLED, LABELS, MODEL = "INPUT", "FEATURES", "CALLED", "LABELS", "MODEL"
    SIDE, UNIT, LAYOUT, VAL, TEST, BLOCK, SEED = "SIDE", "UNIT", "LAYOUT", "VAL", "TEST", "BLOCK", "SEED"
    OUTPUT, OUTPUT_RECORDS, OUTPUT_PAGE, COUNT = "OUTPUT", "OUTPUT_RECORDS", "OUTPUT_PAGE", "COUNT"
    page = "data.md"

    def __init__(self) -> None:
        super().__init__()
        self._rasters: List[str] = []
        self._features: List[Union[str, Snapshot]] = []

    def name(self) -> str:
        return "buildcaptiondataset"

    def displayName(self) -> str:  # noqa: N802 (QGIS's names, here and below)
        return tr("Build caption dataset")

    def createInstance(self) -> "BuildCaptionDataset":  # noqa: N802
        return BuildCaptionDataset()

    def shortDescription(self) -> str:  # noqa: N802
        return tr("Rasters with captions, as records to train a model on.")

    def words(self) -> str:
        return tr("caption,dataset,training,records,tiles,openstreetmap,labels,vision,language,model,ai")

    def intro(self) -> str:
        return tr(
            "Cuts rasters into windows and says in words what each shows, as records (messages JSONL) that “Fine-tune"
            " model” and “rsvlm train” learn from. The words come from one of three: features of a map, such as"
            " OpenStreetMap's; labels that you give; or an installed model. Rasters are referred to and never copied, so"
            " they must stay where they are. Stopped, it goes on where it was when it is run again with the same"
            " parameters. All of it is done on this computer."
        )

    def initAlgorithm(self, _configuration: Optional[Dict[str, Any]] = None) -> None:  # noqa: N802
        self._add_sources()
        self._add_windows()
        self._add_splits()
        self.add(
            QgsProcessingParameterFolderDestination(self.OUTPUT, tr("Folder of the dataset")),
            tr(
                "Gets records.jsonl, with a record in each line, and stats.html, which shows what is in it and what is wrong"
                " with it. A dataset that is there already is kept, and refused."
            ),
        )
        self.addOutput(QgsProcessingOutputFile(self.OUTPUT_RECORDS, tr("Records")))
        self.addOutput(QgsProcessingOutputHtml(self.OUTPUT_PAGE, tr("Figures of the dataset")))
        self.addOutput(QgsProcessingOutputNumber(self.COUNT, tr("Number of records")))

    def _add_sources(self) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(self.INPUT, tr("Rasters"), QgsProcessing.TypeRaster),
            tr("Rasters on disk, of any size and resolution. They are seen in the bands that their metadata name."),
        )
        self.add(
            QgsProcessingParameterMultipleLayers(
                self.FEATURES, tr("Features"), QgsProcessing.TypeVectorAnyGeometry, optional=True
            ),
            tr(
                "Vector layers over the rasters: OpenStreetMap with its tags as columns, or outlines of your own with a column"
                " label or class. Captions name what lies in a window, and the outlines come along."
            ),
        )
        self.add(
            QgsProcessingParameterString(self.CALLED, tr("What unnamed features are"), optional=True),
            tr(
                "What features are called whose columns do not say it, such as “greenhouse”. Not set: they are left out."
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString(self.LABELS, tr("Labels"), optional=True),
            tr(
                "Instead of features: what all of these rasters show, such as “airport”; several with a semicolon between"
                " them. Captions are sentences with them."
            ),
        )
        self.add(
            QgsProcessingParameterString(self.MODEL, tr("Model that writes the captions"), optional=True),
            tr(
                "Instead of features and labels: the identifier of an installed model, “compact” for instance. What it says"
                " wrong, a model that is trained on it will say wrong."
            ),
        )

    def _add_windows(self) -> None:
        self.add(
            QgsProcessingParameterNumber(
                self.SIDE, tr("Side of a window"), QgsProcessingParameterNumber.Double, 256, minValue=1
            ),
            tr("How large the windows are that the rasters are cut into; no less than 32 pixels."),
        )
        units = [tr("Pixels"), tr("Metres on the ground")]
        self.add(
            QgsProcessingParameterEnum(self.UNIT, tr("Unit of the side"), options=units, defaultValue=0),
            tr("With metres, windows of rasters of different resolutions show equally much ground."),
        )
        layouts = [tr("Side by side"), tr("Around features")]
        self.add(
            QgsProcessingParameterEnum(self.LAYOUT, tr("Windows"), options=layouts, defaultValue=0),
            tr(
                "Side by side: as many whole windows as fit, and those with nothing to tell are left out. Around features:"
                " each window has a feature in its middle, which the caption begins with."
            ),
            advanced=True,
        )

    def _add_splits(self) -> None:
        for name, title, share, told in (
            (self.VAL, tr("Share for validation"), 0.1, tr("Held out to see during training how good the model is.")),
            (self.TEST, tr("Share for tests"), 0.0, tr("Held out to measure the model once, when it is done.")),
        ):
            number = QgsProcessingParameterNumber(
                name, title, QgsProcessingParameterNumber.Double, share, minValue=0, maxValue=0.9
            )
            self.add(number, told + " " + tr("Whole blocks of ground are held out, so that neighbours stay together."))
        self.add(
            QgsProcessingParameterNumber(
                self.BLOCK, tr("Side of a block in metres"), QgsProcessingParameterNumber.Double, 0, minValue=0
            ),
            tr("The blocks of ground that are held out as a whole. 0: two windows."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(self.SEED, tr("Seed"), defaultValue=0, minValue=0),
            tr("Of all that is drawn: the same seed makes the same dataset."),
            advanced=True,
        )

    def checkParameterValues(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext
    ) -> Tuple[bool, str]:
        from ..layers.sources import native_href

        accepted, message = super().checkParameterValues(parameters, context)
        if not accepted:
            return accepted, message
        for layer in self.parameterAsLayerList(parameters, self.INPUT, context):
            if native_href(layer) is None:
                said = tr("“{name}” is no raster on this computer.").format(name=layer.name())
                return False, said + " " + tr("Save it as a GeoTIFF first: Export ▸ Save As in its menu.")
        given = [
            bool(parameters.get(self.FEATURES)),
            bool(self.parameterAsString(parameters, self.LABELS, context).strip()),
            bool(self.parameterAsString(parameters, self.MODEL, context).strip()),
        ]
        if sum(given) != 1:
            said = tr("Nothing says what the rasters show.") if not any(given) else tr("Several things say it.")
            return False, said + " " + tr("Give one of these: features, labels, or a model that writes the captions.")
        if parameters.get(self.FEATURES):
            for layer in self.parameterAsLayerList(parameters, self.INPUT, context):
                if layer.dataProvider().crs() != layer.crs():
                    return False, _elsewhere(layer.name())
        return True, ""

    def prepareAlgorithm(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext, _feedback: QgsProcessingFeedback
    ) -> bool:
        """Everything that touches layers, in the main thread; nothing is written yet."""
        from ..layers.sources import native_href
        from .vectors import choose

        self._rasters = [native_href(layer) for layer in self.parameterAsLayerList(parameters, self.INPUT, context)]
        features = self.parameterAsLayerList(parameters, self.FEATURES, context) or []
        self._features = [choose(layer, context.transformContext()) for layer in features]
        return True

    def processAlgorithm(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Dict[str, Any]:
        from .dataset import RECORDS, Dataset

        wishes = self._wishes(parameters, context)
        folder = self._folder(parameters, context)
        try:
            dataset = Dataset(folder, wishes, feedback)
            whole = dataset.build(self._rasters)
        except RsvlmError as error:
            raise QgsProcessingException(sentence(error)) from error
        results: Dict[str, Any] = {self.OUTPUT: str(folder), self.COUNT: dataset.count}
        if whole:
            shutil.rmtree(dataset.parts, ignore_errors=True)
            results[self.OUTPUT_RECORDS] = str(folder / RECORDS)
            results[self.OUTPUT_PAGE] = str(dataset.page) if dataset.page.is_file() else None
        return results

    def _folder(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> Path:
        """The whole path: the backend works in another folder."""
        return Path(self.parameterAsString(parameters, self.OUTPUT, context)).absolute()

    def _wishes(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> "Wishes":
        from .dataset import Wishes

        def text(name: str) -> str:
            return self.parameterAsString(parameters, name, context).strip()

        def number(name: str) -> float:
            return self.parameterAsDouble(parameters, name, context)

        return Wishes(
            features=tuple(self._features),
            called=text(self.CALLED),
            labels=text(self.LABELS),
            model=text(self.MODEL),
            side=number(self.SIDE),
            unit=UNITS[self.parameterAsEnum(parameters, self.UNIT, context)],
            layout=LAYOUTS[self.parameterAsEnum(parameters, self.LAYOUT, context)],
            val=number(self.VAL),
            test=number(self.TEST),
            block_m=number(self.BLOCK),
            seed=self.parameterAsInt(parameters, self.SEED, context),
        )


def _elsewhere(name: str) -> str:
    """Of a raster that features lie on: the backend reads the file, which knows nothing of a CRS that was set in QGIS."""
    said = tr("“{name}” has another coordinate system in QGIS than in its file, and features would miss it.")
    mended = tr("Write it into the file with Assign Projection and add it anew, or save it as a GeoTIFF.")
    return said.format(name=name) + " " + mended
