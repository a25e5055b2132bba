"""metadata.txt by the rules of plugins.qgis.org, and one version and one package list everywhere."""

from __future__ import annotations

import configparser
import re
import subprocess
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from rsvlm.protocol import VERSION


@pytest.fixture(scope="module")
def metadata(root: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(root / "metadata.txt", encoding="utf-8")
    return parser["general"]


def test_version_is_the_same_in_plugin_backend_and_changelog(metadata: configparser.SectionProxy, root: Path) -> None:
    assert metadata["version"] == VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)
    assert re.search(rf"^## {re.escape(VERSION)}\b", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_metadata_has_what_the_site_requires(metadata: configparser.SectionProxy) -> None:
    required = (
        "name",
        "description",
        "version",
        "author",
        "email",
        "about",
        "tracker",
        "repository",
        "homepage",
        "icon",
    )
    assert [key for key in required if not metadata.get(key, "").strip()] == []
    assert metadata["qgisMinimumVersion"] == "3.22"
    assert metadata["qgisMaximumVersion"] == "4.99"
    assert metadata["hasProcessingProvider"] == "yes"
    assert "plugin" not in metadata["name"].lower()
    assert re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", metadata["email"])
    assert all(metadata[key].startswith("https://") for key in ("tracker", "repository", "homepage"))


def test_about_names_the_external_backend_and_the_terms_of_the_weights(metadata: configparser.SectionProxy) -> None:
    about = metadata["about"]
    assert "backend" in about and "PyTorch" in about and "GPL-2.0-or-later" in about
    assert "weights" in about and "their own terms" in about


def test_icon_is_an_svg_of_the_project(metadata: configparser.SectionProxy, root: Path) -> None:
    icon = ElementTree.parse(root / metadata["icon"]).getroot()
    assert icon.tag == "{http://www.w3.org/2000/svg}svg"


def test_licence_is_the_gpl_and_says_that_weights_have_their_own_terms(root: Path) -> None:
    text = (root / "LICENSE").read_text(encoding="utf-8")
    assert "SPDX: GPL-2.0-or-later" in text
    assert "Version 2, June 1991" in text and "END OF TERMS AND CONDITIONS" in text
    assert "The weights in resources/models carry their own terms" in text


def test_every_package_of_the_backend_is_listed(root: Path) -> None:
    """A forgotten folder would be missing wherever rsvlm is not installed editable."""
    listed = set(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"])
    command = ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "--", "*.py"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    folders = {str(Path(name).parent) for name in names if (root / name).is_file()}
    elsewhere = ("tests", "benchmarks", "make", "rsvlm_plugin", "i18n", "docs")
    wanted = {folder for folder in folders if folder.split("/")[0] not in elsewhere}
    packages = {"rsvlm" if folder == "." else "rsvlm." + folder.replace("/", ".") for folder in wanted}
    assert packages - listed == set()


def test_german_is_complete(root: Path) -> None:
    messages = list(ElementTree.parse(root / "i18n" / "rsvlm_de.ts").getroot().iter("message"))
    assert len(messages) > 20
    pending = []
    for message in messages:
        translation = message.find("translation")
        kind = "missing" if translation is None else translation.get("type", "")
        forms = (
            [] if translation is None else [form.text for form in translation.iter("numerusform")] or [translation.text]
        )
        if kind in ("missing", "unfinished") or not forms or not all(forms):
            pending.append(message.findtext("source"))
    assert pending == []


def test_security_exceptions_name_the_rule_and_the_reason(root: Path) -> None:
    """A bare nosec would switch every rule off, and say nothing to the next reader."""
    command = ["git", "-C", str(root), "grep", "-n", "--untracked", "-e", "# *nosec", "--", "*.py", ":!tests"]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    reasoned = re.compile(r"# nosec B\d{3}(, ?B\d{3})*\W+\w.{4,}")
    assert [line for line in lines if not reasoned.search(line)] == []
