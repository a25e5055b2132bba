"""Where QGIS and Qt versions differ, and nothing else."""
