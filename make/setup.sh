#!/usr/bin/env bash
# Make the two environments of the project; what is done already is left alone, what was cut short is taken up again.
#   make/setup.sh            both
#   make/setup.sh backend    .venv: backend, trainer and tests (holds .venv/bin/rsvlm)
#   make/setup.sh qgis       .venv-qgis: QGIS's own Python with pytest-qgis
# Settings come from the Makefile: PYTHON, QGIS_PYTHON, TORCH_INDEX, WHEELHOUSE.
set -euo pipefail
cd "$(dirname "$0")/.."
QGIS_PYTHON=${QGIS_PYTHON:-/usr/bin/python3}
PACKAGES="python3-venv qgis python3-qgis qgis-providers xvfb xauth qttools5-dev-tools"
APT="apt-get install -y --no-install-recommends $PACKAGES"
log=build/setup.log
mkdir -p build

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# A stamp holds the hash of what was asked for and where: a changed requirement or a moved checkout asks again.
key=$({ cat pyproject.toml constraints.txt make/setup.sh; echo "$PWD ${TORCH_INDEX:-}"; } | sha256sum | cut -c1-16)
ready() { [ "$(cat "$1/.ready" 2>/dev/null)" = "$key" ] && "$1/bin/python" -c '' 2>/dev/null; }

logged() {
    "$@" >>"$log" 2>&1 || { tail -n 15 "$log" >&2; fail "this failed: $* (everything it said is in $log)"; }
}

suits() {  # at least 3.10, and able to make environments
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

find_python() {
    local candidate candidates=(python3.11 python3.12 python3.13 python3.14 python3.10 python3 /usr/bin/python3)
    [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        if suits "$candidate"; then command -v "$candidate"; return; fi
    done
    fail "no Python 3.10 or newer that can make environments was found${PYTHON:+ at $PYTHON}." \
        "Install one (Debian: apt-get install -y python3 python3-venv) or name one: make setup PYTHON=/path/to/python3"
}

pip_install() {  # pip_install ENVIRONMENT ARGUMENTS...
    local environment=$1 offline=()
    shift
    [ -z "${WHEELHOUSE:-}" ] || offline=(--no-index --find-links "$WHEELHOUSE")
    "$environment/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off \
        ${offline[@]+"${offline[@]}"} -c constraints.txt "$@"  # bash 3 takes an empty array for one that was never set
}

whole() {  # pip takes a package for installed although a killed run left some of its files out
    "$1/bin/python" - <<'END' >>"$log" 2>&1
import sys
from importlib.metadata import distributions

own = [d for d in distributions(path=[p for p in sys.path if p.startswith(sys.prefix)])]
broken = [d.metadata["Name"] for d in own if d.files is None or not all(f.locate().exists() for f in d.files)]
sys.exit(f"these packages are not complete: {broken}" if broken else 0)
END
}

backend_works() {
    whole .venv && [ -x .venv/bin/rsvlm ] &&
        .venv/bin/python -c 'import torch, rasterio, shapely, rsvlm.protocol' >>"$log" 2>&1
}

fill_backend() {
    local again=()  # of another index: pip takes the torch that is there for the same
    [ -z "${TORCH_INDEX:-}" ] || [ "$(cat .venv/.torch-index 2>/dev/null)" = "$TORCH_INDEX" ] || again=(--force-reinstall)
    pip_install .venv ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} ${again[@]+"${again[@]}"} torch &&
        { [ -z "${TORCH_INDEX:-}" ] || echo "$TORCH_INDEX" >.venv/.torch-index; } &&
        pip_install .venv -e ".[eval,dev,$(make/runtime.sh)]"
}

finish_backend() {  # torch does all that onnxruntime does, so an export that fails stops nothing
    .venv/bin/rsvlm models export >>"$log" 2>&1 || say "onnxruntime is not used: see $log"
    echo "$key" >.venv/.ready
}

backend() {
    ready .venv && return
    local python
    python=$(find_python)
    rm -f .venv/.ready
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then
        say "bringing .venv up to date (the log is $log)"
        if fill_backend >>"$log" 2>&1 && backend_works; then
            finish_backend
            return
        fi
        if backend_works; then  # what failed, perhaps for want of a network, is no reason to lose it
            tail -n 15 "$log" >&2
            fail "what is new could not be installed; .venv works and is as it was (see $log). To begin anew, remove .venv"
        fi
        say "what is in .venv does not work; making it anew"
    fi
    logged "$python" -m venv --clear .venv
    say "installing the backend into .venv with $(.venv/bin/python --version) (to download about 0.4 GB with torch for the CPU," \
        "3 GB with that for NVIDIA graphics; 2.5 and 10 GB of free disk; the log is $log)"
    logged fill_backend
    backend_works || { tail -n 5 "$log" >&2; fail "the backend was installed but does not start; see $log"; }
    finish_backend
    say ".venv is ready"
}

missing_for_qgis() {
    local tool
    suits "$QGIS_PYTHON" || echo python3-venv
    "$QGIS_PYTHON" -c 'import qgis.core' >/dev/null 2>&1 || echo python3-qgis
    for tool in qgis Xvfb xauth; do
        command -v "$tool" >/dev/null || echo "$tool"
    done
    [ -n "$(find_lrelease)" ] || echo lrelease
}

find_lrelease() {  # qtchooser leaves a link of this name that leads nowhere
    local candidate
    for candidate in lrelease lrelease-qt5 /usr/lib/qt5/bin/lrelease; do
        if "$candidate" -version >/dev/null 2>&1; then echo "$candidate"; return; fi
    done
}

system_packages() {
    local missing
    missing=$(missing_for_qgis | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        fail "QGIS and its test tools are not complete (missing: $missing). Install QGIS 3.22 or newer with its Python," \
            "Xvfb, xauth and the Qt 5 language tools, and name QGIS's Python: make setup QGIS_PYTHON=/path/to/python3"
    fi
    if [ "$(id -u)" != 0 ]; then
        fail "QGIS and its test tools are not complete (missing: $missing). Run: sudo apt-get update && sudo $APT"
    fi
    say "installing QGIS by apt (about 1.2 GB; missing: $missing)"
    export DEBIAN_FRONTEND=noninteractive
    logged dpkg --configure -a
    logged apt-get update
    # shellcheck disable=SC2086 # the list is meant to be split
    logged $APT
    missing=$(missing_for_qgis | tr '\n' ' ')
    [ -z "$missing" ] || fail "apt finished, but these are still missing: $missing (see $log)"
}

qgis_works() {
    whole .venv-qgis && .venv-qgis/bin/python -c 'import qgis.core, pytest_qgis, xdist' >>"$log" 2>&1
}

qgis() {
    system_packages
    ready .venv-qgis && return
    rm -f .venv-qgis/.ready
    say "making .venv-qgis with QGIS's Python"
    if ! qgis_works; then
        logged "$QGIS_PYTHON" -m venv --clear --system-site-packages .venv-qgis
        logged pip_install .venv-qgis pytest pytest-qgis pytest-xdist
        qgis_works || fail "QGIS's Python and pytest-qgis were installed but do not start; see $log"
    fi
    echo "$key" >.venv-qgis/.ready
    say ".venv-qgis is ready"
}

translations() {
    local source
    for source in i18n/*.ts; do
        [ "${source%.ts}.qm" -nt "$source" ] || logged "$(find_lrelease)" -silent "$source" -qm "${source%.ts}.qm"
    done
}

case "${1:-all}" in
    backend) backend ;;
    qgis) qgis ;;
    all)
        # apt also brings what the backend's Python may lack, so that root goes there first where none suits.
        [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || (find_python) >/dev/null 2>&1 || system_packages
        backend
        qgis
        translations
        ;;
    *) fail "unknown part: $1 (backend, qgis or nothing)" ;;
esac
