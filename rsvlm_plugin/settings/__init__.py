"""What the user chose once and for all: the settings and their page in QGIS's options."""
