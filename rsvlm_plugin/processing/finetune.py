"""`rsvlm:finetune`: a model trained on records, by `rsvlm train` in a process of the backend's environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputHtml,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ...protocol import RsvlmError
from ..environment.locate import plugin_folder
from ..settings.store import DEVICES, Settings
from ..translation import tr
from .algorithm import Algorithm, sentence

FIRST = "compact_lora"  # the recipe that runs anywhere


class Finetune(Algorithm):
    """Starts a run, tells how far it is, and puts the model that comes out among those of the user."""

    RECIPE, RECIPE_FILE, DATASET, MODEL = "RECIPE", "RECIPE_FILE", "DATASET", "MODEL"
    STEPS, NAME, DEVICE, RESUME, OUTPUT = "STEPS", "NAME", "DEVICE", "RESUME", "OUTPUT"
    OUTPUT_MODEL, OUTPUT_METRIC, OUTPUT_VALUE = "OUTPUT_MODEL", "OUTPUT_METRIC", "OUTPUT_VALUE"
    OUTPUT_STEPS, OUTPUT_PAGE = "OUTPUT_STEPS", "OUTPUT_PAGE"
    page = "training.md"

    def __init__(self) -> None:
        super().__init__()
        self._installed = False

    def name(self) -> str:
        return "finetune"

    def displayName(self) -> str:  # noqa: N802 (QGIS's names, here and below)
        return tr("Fine-tune model")

    def createInstance(self) -> "Finetune":  # noqa: N802
        return Finetune()

    def shortDescription(self) -> str:  # noqa: N802
        return tr("A model trained on records of your own.")

    def words(self) -> str:
        return tr("training,fine-tune,lora,adapter,recipe,records,captions,vision,language,model,ai")

    def intro(self) -> str:
        return tr(
            "Trains a model on records, such as those of “Build caption dataset” or of answers that you corrected, and"
            " puts it among your models, where the dock and the other algorithms find it. It runs in a process of its"
            " own, on this computer. Cancelled, it ends the step that it is at and keeps what it has learnt; with"
            " “{switch}” switched on it goes on from there."
        ).format(switch=tr("Go on with the run in the folder"))

    def initAlgorithm(self, _configuration: Optional[Dict[str, Any]] = None) -> None:  # noqa: N802
        self._add_recipe()
        self._add_run()
        self.addOutput(QgsProcessingOutputString(self.OUTPUT_MODEL, tr("Identifier of the model")))
        self.addOutput(QgsProcessingOutputString(self.OUTPUT_METRIC, tr("Name of the figure")))
        self.addOutput(QgsProcessingOutputNumber(self.OUTPUT_VALUE, tr("Figure of the best model")))
        self.addOutput(QgsProcessingOutputNumber(self.OUTPUT_STEPS, tr("Steps that are done")))
        self.addOutput(QgsProcessingOutputHtml(self.OUTPUT_PAGE, tr("Answers of the model")))

    def _add_recipe(self) -> None:
        recipe = QgsProcessingParameterEnum(
            self.RECIPE, tr("Recipe"), options=shipped_recipes(), defaultValue=FIRST, usesStaticStrings=True
        )
        self.add(
            recipe,
            tr(
                "What is trained and how. compact_lora teaches the bundled model in minutes; the others need a model that is"
                " installed first, and most of them a graphics card."
            ),
        )
        self.add(
            QgsProcessingParameterFile(self.RECIPE_FILE, tr("Recipe of your own"), extension="yaml", optional=True),
            tr("A YAML file in place of a shipped recipe."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterMultipleLayers(self.DATASET, tr("Records"), QgsProcessing.TypeFile, optional=True),
            tr(
                "One or more .jsonl files. Records of the split train are learnt; those of the split val are held out and"
                " decide which model is the best. Not set: the data that the recipe names."
            ),
        )
        self.add(
            QgsProcessingParameterString(self.MODEL, tr("Model to begin with"), optional=True),
            tr("The identifier of an installed model of the recipe's family. Not set: the one that the recipe names."),
        )

    def _add_run(self) -> None:
        self.add(
            QgsProcessingParameterNumber(self.STEPS, tr("Steps"), optional=True, minValue=1),
            tr("No more than so many steps of each stage. Not set: as many as the recipe says."),
        )
        self.add(
            QgsProcessingParameterString(self.NAME, tr("Name of the new model"), optional=True),
            tr(
                "The identifier that it gets: small letters, digits, and single . _ or - between them. Not set: the name of"
                " the recipe, with a number where that is taken."
            ),
        )
        self.add(
            QgsProcessingParameterEnum(
                self.DEVICE, tr("Device"), options=list(DEVICES), defaultValue=DEVICES[0], usesStaticStrings=True
            ),
            tr("auto: the graphics card if there is one, as it is set in the options. cpu: the processor in any case."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean(self.RESUME, tr("Go on with the run in the folder"), defaultValue=False),
            tr(
                "With a run that was stopped or broke off: from its last checkpoint, with the recipe, the records and the"
                " model that it began with, whatever is given here."
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFolderDestination(self.OUTPUT, tr("Folder of the run")),
            tr("Gets the recipe, the events, checkpoints, figures and a page with answers of the model."),
        )

    def processAlgorithm(  # noqa: N802
        self, parameters: Dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Dict[str, Any]:
        from .training import Training, begun, overrides

        folder = Path(
            self.parameterAsString(parameters, self.OUTPUT, context)
        ).absolute()  # the backend works elsewhere
        resume = self.parameterAsBool(parameters, self.RESUME, context)
        device = self.parameterAsEnumString(parameters, self.DEVICE, context)
        try:
            recipe = begun(folder) if resume else self._recipe(parameters, context)
            changed = overrides(
                folder,
                name=self.parameterAsString(parameters, self.NAME, context).strip(),
                steps=self._steps(parameters, context),
                model="" if resume else self.parameterAsString(parameters, self.MODEL, context).strip(),
                files=[] if resume else self._files(parameters, context),
            )
            training = Training(folder, feedback, resume)
            told = training.run(recipe, changed, device if device != DEVICES[0] else Settings().device)
        except RsvlmError as error:
            raise QgsProcessingException(sentence(error)) from error
        self._installed = bool(told.get("installed"))
        return self._results(told, folder)

    def postProcessAlgorithm(  # noqa: N802
        self, _context: QgsProcessingContext, _feedback: QgsProcessingFeedback
    ) -> Dict[str, Any]:
        """In the main thread: whoever shows the models learns of the new one."""
        if self._installed:
            from ..settings.model_store import shared_store

            shared_store().changed.emit()
        return {}

    def _recipe(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> str:
        """A whole path, or the name of a shipped one."""
        own = self.parameterAsString(parameters, self.RECIPE_FILE, context).strip()
        return str(Path(own).absolute()) if own else self.parameterAsEnumString(parameters, self.RECIPE, context)

    def _files(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> List[Path]:
        files = self.parameterAsFileList(parameters, self.DATASET, context)
        return [Path(file).absolute() for file in files if file]

    def _steps(self, parameters: Dict[str, Any], context: QgsProcessingContext) -> Optional[int]:
        return None if parameters.get(self.STEPS) is None else self.parameterAsInt(parameters, self.STEPS, context)

    def _results(self, told: Dict[str, Any], folder: Path) -> Dict[str, Any]:
        results: Dict[str, Any] = {self.OUTPUT: str(folder), self.OUTPUT_STEPS: told.get("steps", 0)}
        results[self.OUTPUT_MODEL] = told.get("installed") or ""
        state = told.get("validation") or {}
        if "best" in state:
            results[self.OUTPUT_METRIC] = state["metric"]
            results[self.OUTPUT_VALUE] = state["best"]["figures"][state["metric"]]
        page = folder / "samples.html"
        if page.is_file():
            results[self.OUTPUT_PAGE] = str(page)
        return results


def shipped_recipes() -> List[str]:
    """Names of the recipes that come along, in alphabetical order."""
    return sorted(path.stem for path in (plugin_folder() / "trainer" / "recipes").glob("*.yaml"))
