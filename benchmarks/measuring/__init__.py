"""What the benchmarks share: figures with their bars and baselines, a backend, rasters, a QGIS window."""
