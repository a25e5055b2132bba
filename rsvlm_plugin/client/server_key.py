"""The keys of servers, in QGIS's authentication manager. They stand nowhere else, neither in settings nor in projects.

A key is kept as the password of a configuration of the method “Basic”, the one method that every QGIS has.
"""

from __future__ import annotations

from qgis.core import QgsApplication, QgsAuthMethodConfig

from ...protocol import RsvlmError
from ..translation import tr


def read_key(authcfg: str, name: str) -> str:
    """The key of the server `name`. QGIS may ask the user for the master password. Raises RsvlmError unauthorized."""
    _check_enabled()
    manager = QgsApplication.authManager()
    if authcfg not in manager.configIds():
        raise RsvlmError(
            "unauthorized",
            tr("The key of “{server}” is no longer in QGIS's authentication manager.").format(server=name),
            tr("Enter it again in Settings ▸ Options ▸ rsvlm ▸ Servers."),
        )
    loaded, config = manager.loadAuthenticationConfig(authcfg, QgsAuthMethodConfig(), True)
    if not loaded:
        raise _locked(name)
    return config.config("password")


def store_key(key: str, name: str, authcfg: str) -> str:
    """Keep the key, in the place of the one in `authcfg` if there is one; returns where it is. Raises as read_key."""
    _check_enabled()
    manager = QgsApplication.authManager()
    config = QgsAuthMethodConfig("Basic")
    config.setName(f"rsvlm: {name}")
    config.setConfigMap({"username": "", "password": key, "realm": ""})
    if authcfg in manager.configIds():
        config.setId(authcfg)
        stored = manager.updateAuthenticationConfig(config)
    else:
        answer = manager.storeAuthenticationConfig(config)
        stored, config = answer if isinstance(answer, tuple) else (answer, config)  # newer QGIS gives a tuple
    if not stored:
        raise _locked(name)
    return config.id()


def forget_key(authcfg: str) -> None:
    """Take the key out of QGIS's authentication manager."""
    manager = QgsApplication.authManager()
    if not manager.isDisabled() and authcfg in manager.configIds():
        manager.removeAuthenticationConfig(authcfg)


def _check_enabled() -> None:
    if QgsApplication.authManager().isDisabled():
        raise RsvlmError(
            "unauthorized",
            tr("QGIS's authentication manager, which keeps the keys of servers, is switched off on this computer."),
            tr("Start QGIS with its authentication database, or use a server that needs no key."),
        )


def _locked(name: str) -> RsvlmError:
    return RsvlmError(
        "unauthorized",
        tr("The key of “{server}” lies in QGIS's authentication manager, which is locked.").format(server=name),
        tr("Try again and enter the master password, or set another one in Settings ▸ Options ▸ Authentication."),
    )
