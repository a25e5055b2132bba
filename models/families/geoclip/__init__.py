"""CLIP models of remote sensing: GeoRSCLIP, SkyScript, RemoteCLIP."""
