"""rsvlm: a QGIS plugin, a local backend and a trainer for remote-sensing vision-language models.

QGIS calls classFactory; the backend imports this folder as the package `rsvlm`. Nothing is imported before it is needed.
"""


def classFactory(iface):  # noqa: N802 (QGIS asks for this name)
    from .rsvlm_plugin.plugin import RsvlmPlugin

    return RsvlmPlugin(iface)
