"""Another program with the plugin in a QGIS of its own: says on standard output which backend it has, and keeps it.

Ends with its standard input, or when it is killed. Run by test_sharing.py.
"""

import importlib.util
import json
import sys
from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QSocketNotifier

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("rsvlm", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
sys.modules["rsvlm"] = importlib.util.module_from_spec(spec)

application = QgsApplication([], False)
application.initQgis()

from rsvlm.rsvlm_plugin.client import Backend  # noqa: E402 # needs the application

backend = Backend()
backend._process.ready.connect(
    lambda endpoint: print(json.dumps({"pid": endpoint.pid, "shared": endpoint.shared}), flush=True)
)
backend._process.ensure()
end = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
end.activated.connect(application.quit)
application.exec()
backend.stop()
