"""GeoTIFFs on web hosts that the user allowed: from an address to the one file that GDAL may fetch.

The hosts stand in RSVLM_ALLOWED_HOSTS, separated by commas: "data.example.org" is that very name at the usual port,
"data.example.org:8443" at another one. What the server says is looked at here first, because GDAL would follow it
anywhere and calls every refusal a damaged file.
"""

from __future__ import annotations

import os
import re
import ssl
import urllib.error
import urllib.request
from typing import IO, Any, Optional
from urllib.parse import urljoin

from rsvlm.protocol import VERSION, RsvlmError

HOSTS_VARIABLE = "RSVLM_ALLOWED_HOSTS"
TIMEOUT_S = 15
MOST_REDIRECTS = 3

_USUAL_PORT = {"http": "80", "https": "443"}
# Nothing that two programs could read differently: no user or password, no % or \ before the path, no fragment.
_ADDRESS = re.compile(r"(https?)://([a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::(\d{1,5}))?(/[!-~]*)", re.IGNORECASE)
_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_remote(href: str) -> bool:
    """Whether `href` asks for a file by http or https, also in the way of a QGIS layer's source."""
    return re.match(r"(/vsicurl/)?https?:", href, re.IGNORECASE) is not None


def remote_path(href: str) -> str:
    """The path of GDAL for a GeoTIFF that is there and comes in parts.

    Raises forbidden (host not allowed, or a password is asked for), not_found or bad_raster.
    """
    address = _allowed(re.sub(r"^/vsicurl/", "", href))
    for _ in range(MOST_REDIRECTS):
        further = _ask(address)
        if further is None:
            return f"/vsicurl/{address}"
        address = _allowed(urljoin(address, further))
    raise RsvlmError("bad_raster", f"{_host(address)} sends from one address to the next without end.", _DOWNLOAD)


def tls_options() -> dict[str, str]:
    """The certificates that GDAL trusts: those of the user's environment, which gdal.ini keeps from it."""
    trusted = _certificates()
    return {"GDAL_CURL_CA_BUNDLE": trusted} if trusted else {}


_DOWNLOAD = "Download the file and open the copy."


def _allowed(address: str) -> str:
    """The address in its plain form. Raises forbidden."""
    parts = _ADDRESS.fullmatch(address)
    if parts is None or "#" in address:
        raise RsvlmError(
            "forbidden",
            "The raster's address is not plain http(s)://host/path, so it is not opened.",
            "Leave out user names, passwords and fragments, and write other characters of the path as %20 and so on.",
        )
    scheme, host, port, path = parts.groups()
    scheme, host = scheme.lower(), host.lower()
    place = host if port in (None, _USUAL_PORT[scheme]) else f"{host}:{int(port)}"
    if place not in _hosts(scheme):
        raise RsvlmError(
            "forbidden",
            f"Rasters are not read from {place}, because this host is not allowed.",
            f"Allow it in Settings ▸ Options ▸ rsvlm, or name it in the environment variable {HOSTS_VARIABLE}.",
        )
    return f"{scheme}://{place}{path}"


def _hosts(scheme: str) -> set[str]:
    """Allowed hosts as they stand in an address of this scheme, without its usual port."""
    names = os.environ.get(HOSTS_VARIABLE, "").lower().split(",")
    return {name.strip().removesuffix(":" + _USUAL_PORT[scheme]) for name in names if name.strip()}


def _host(address: str) -> str:
    return address.split("/")[2]


class _Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at, not followed."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


def _certificates() -> Optional[str]:
    names = ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GDAL_CURL_CA_BUNDLE")
    return next((os.environ[name] for name in names if os.path.isfile(os.environ.get(name, ""))), None)


def _ask(address: str) -> Optional[str]:
    """Ask for the first bytes: None if they are those of a TIFF, else the address that the server sends on to."""
    request = urllib.request.Request(address, headers={"Range": "bytes=0-15", "User-Agent": f"rsvlm/{VERSION}"})
    context = ssl.create_default_context(cafile=_certificates())
    opener = urllib.request.build_opener(_Stay, urllib.request.HTTPSHandler(context=context))
    host = _host(address)
    try:
        with opener.open(request, timeout=TIMEOUT_S) as reply:
            status, start = reply.status, reply.read(16)
    except urllib.error.HTTPError as error:
        if error.code in (301, 302, 303, 307, 308) and error.headers.get("Location"):
            return str(error.headers["Location"])
        raise _refusal(error.code, host) from error
    except (OSError, ValueError) as error:  # no route, no name, no answer in time, no trusted certificate, no HTTP
        if isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
            said = f"The certificate of {host} is not trusted."
            raise RsvlmError("bad_raster", said, "Check the address, or name your own in CURL_CA_BUNDLE.") from error
        raise RsvlmError(
            "bad_raster", f"{host} cannot be reached.", "Check the network, the proxy and the address, and try again."
        ) from error
    if status != 206:
        raise RsvlmError("bad_raster", f"{host} sends files only as a whole, not in parts.", _DOWNLOAD)
    if not start.startswith(_MAGIC):
        raise RsvlmError(
            "bad_raster", "What lies at this address is not a GeoTIFF, and nothing else is read remotely.", _DOWNLOAD
        )
    return None


def _refusal(status: int, host: str) -> RsvlmError:
    if status in (404, 410):
        return RsvlmError("not_found", f"{host} has no such file.", "Check the address.")
    if status in (401, 403, 407):
        said = f"{host} does not give the file to everybody, and no passwords are sent."
        return RsvlmError("forbidden", said, _DOWNLOAD)
    return RsvlmError("bad_raster", f"{host} could not send the file (HTTP {status}).", "Try again later.")
