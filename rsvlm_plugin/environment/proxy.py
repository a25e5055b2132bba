"""QGIS's proxy for programs that it starts: as environment variables, so that no password stands in a command line."""

from __future__ import annotations

from typing import Dict, Iterable
from urllib.parse import quote, urlsplit

from qgis.core import QgsNetworkAccessManager
from qgis.PyQt.QtNetwork import QNetworkProxy

LOCAL = ("localhost", "127.0.0.1", "::1")
SCHEMES = {
    QNetworkProxy.ProxyType.HttpProxy: "http",
    QNetworkProxy.ProxyType.HttpCachingProxy: "http",
    QNetworkProxy.ProxyType.Socks5Proxy: "socks5h",
}


def proxy_environment() -> Dict[str, str]:
    """HTTP_PROXY and its kin as QGIS's network options say; empty where they name no proxy.

    With "use system proxy" it is empty too: pip and uv ask the system themselves.
    """
    network = QgsNetworkAccessManager.instance()
    proxy = network.fallbackProxy()
    scheme = SCHEMES.get(proxy.type())
    if network.useSystemProxy() or scheme is None or not proxy.hostName():
        return {}
    login = ""
    if proxy.user():
        login = f"{quote(proxy.user(), safe='')}:{quote(proxy.password(), safe='')}@"
    host = f"[{proxy.hostName()}]" if ":" in proxy.hostName() else proxy.hostName()
    url = f"{scheme}://{login}{host}:{proxy.port()}"
    direct = ",".join(dict.fromkeys([*LOCAL, *_hosts([*network.excludeList(), *network.noProxyList()])]))
    said = {"HTTP_PROXY": url, "HTTPS_PROXY": url, "ALL_PROXY": url, "NO_PROXY": direct}
    # Programs look for either spelling, and what the user's shell says in the other one must not win.
    return {**said, **{name.lower(): value for name, value in said.items()}}


def _hosts(urls: Iterable[str]) -> Iterable[str]:
    """QGIS keeps the beginnings of addresses, NO_PROXY host names."""
    for url in urls:
        host = urlsplit(url if "//" in url else f"//{url}").hostname
        if host:
            yield host
