"""Build the zip that QGIS installs: the committed tree below one folder, and the compiled translations.

    python3 make/package.py dist/rsvlm.zip

What stays out is said in .gitattributes (export-ignore). Standard library, git and Qt's lrelease only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "rsvlm"
LIMIT_BYTES = 25_000_000  # plugins.qgis.org refuses more
LRELEASE = ("/usr/lib/qt5/bin/lrelease", "lrelease-qt5", "lrelease")


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, stdout=subprocess.PIPE).stdout


def archive(target: Path) -> None:
    """Write the tree of HEAD, without what .gitattributes leaves out, as a zip with the one folder `rsvlm`."""
    git("archive", "--format=zip", f"--prefix={FOLDER}/", f"--output={target}", "HEAD")


def add_translations(target: Path) -> None:
    """Compile the committed i18n/*.ts and add the .qm files to the zip."""
    with zipfile.ZipFile(target) as packed, tempfile.TemporaryDirectory() as folder:
        sources = [name for name in packed.namelist() if name.startswith(f"{FOLDER}/i18n/") and name.endswith(".ts")]
        stamp = packed.infolist()[0].date_time
        packed.extractall(folder, sources)
        lrelease = next(filter(None, map(shutil.which, LRELEASE)), None)
        if lrelease is None:
            sys.exit("package: Qt's lrelease was not found. Run: apt-get install -y qttools5-dev-tools")
        compiled = []
        for source in sources:
            qm = Path(folder, source).with_suffix(".qm")
            subprocess.run([lrelease, "-silent", str(Path(folder, source)), "-qm", str(qm)], check=True)
            compiled.append((source[: -len(".ts")] + ".qm", qm.read_bytes()))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as packed:
        for name, content in compiled:
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content)


def main() -> None:
    target = Path(sys.argv[1]).resolve()
    if git("status", "--porcelain"):
        sys.exit(
            "package: there are changes that are not committed, and a release holds only what is. Commit them first."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    build(target)


def build(target: Path) -> None:
    """Write the zip beside its place and move it there when it is whole."""
    part = target.with_suffix(".part")
    archive(part)
    add_translations(part)
    size = part.stat().st_size
    if size > LIMIT_BYTES:
        part.unlink()
        sys.exit(f"package: the zip has {size:,} bytes; plugins.qgis.org takes at most {LIMIT_BYTES:,}.")
    os.replace(part, target)
    commit = git("rev-parse", "--short", "HEAD").decode().strip()
    print(f"package: {target.name}, {size / 1e6:.1f} MB, from commit {commit}")


if __name__ == "__main__":
    main()
