"""Everything that runs inside QGIS: the dock, the canvas tools, Processing, and the client of the backend."""
