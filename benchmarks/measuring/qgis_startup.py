"""Run by QGIS before it loads plugins (PYQGIS_STARTUP): notes the wall time of each plugin's load and start.

QGIS's own figure, qgis.utils.plugin_times, is processor time and leaves out the import.
"""

import time

import qgis.utils

qgis.utils.rsvlm_bench_seconds = {}


def _timed(function):
    def run(name, *rest):
        begin = time.perf_counter()
        result = function(name, *rest)
        seconds = qgis.utils.rsvlm_bench_seconds
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - begin
        return result

    return run


qgis.utils.loadPlugin = _timed(qgis.utils.loadPlugin)
qgis.utils.startPlugin = _timed(qgis.utils.startPlugin)
