#!/usr/bin/env bash
# Every check of the project, one after another; a failing part does not hide the others. Logs are left in build/test-*.log.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
summary=""
failed=0

part() {  # part NAME COMMAND...
    local name=$1 start=$SECONDS code=0 outcome=passed
    shift
    printf '\n== %s\n' "$name"
    timeout --kill-after=10 1500 "$@" 2>&1 | tee "build/test-$name.log" || code=$?
    [ "$code" = 0 ] || { outcome="FAILED (exit $code)"; failed=1; }
    summary+=$(printf '%-8s %-18s %4s s   %s' "$name" "$outcome" "$((SECONDS - start))" "$(tail -n 1 "build/test-$name.log")")$'\n'
}

rm -rf .qgis-settings  # what an earlier run set in QGIS
part lint make --no-print-directory --keep-going --jobs 2 --output-sync lint-only
# Two at a time, each with one thread: more threads than cores wait for each other most of the time. In the order of the
# conftest.py files, which put the long ones first.
part backend env OMP_NUM_THREADS=1 .venv/bin/python -m pytest tests --ignore tests/qgis \
    -n 2 --dist loadfile --no-loadscope-reorder --durations 60
part qgis xvfb-run -a -s '-screen 0 1400x900x24' \
    .venv-qgis/bin/python -m pytest tests/qgis -n 2 --dist loadfile --no-loadscope-reorder

printf '\n== summary (%s s)\n%s' "$SECONDS" "$summary"
exit "$failed"
