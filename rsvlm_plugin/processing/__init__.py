"""The plugin in QGIS's Processing: toolbox, models, batch and `qgis_process`. One algorithm per file."""
