#!/usr/bin/env bash
# Gather every wheel for an installation without a network: `make setup WHEELHOUSE=FOLDER`, or “Folder with wheels” in QGIS.
#   make/wheelhouse.sh FOLDER
# The wheels are for this system and the Python of .venv. TORCH_INDEX says which torch: https://download.pytorch.org/whl/cpu
# for the processor, .../cu130 or .../cu126 for NVIDIA graphics; without it, what the usual index has.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?"which folder?"}

gather() {
    .venv/bin/python -m pip download --disable-pip-version-check --progress-bar off --dest "$folder" \
        --find-links "$folder" --constraint constraints.txt "$@"
}

mkdir -p "$folder"
gather ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch
gather ".[eval,dev,$(make/runtime.sh)]" pytest-qgis pip 'setuptools>=77'
rm -f "$folder"/rsvlm-*  # built anew from the plugin by whoever installs
echo "wheelhouse: $(find "$folder" -type f | wc -l) wheels, $(du -sh "$folder" | cut -f1); use: make setup WHEELHOUSE=$folder"
