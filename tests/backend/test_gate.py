"""Who gets in, and how those who do not are told."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

ROUTES = [
    ("GET", "/v1/models"),
    ("POST", "/v1/view"),
    ("POST", "/v1/chat/completions"),
    ("DELETE", "/v1/requests/x"),
    ("GET", "/openapi.json"),
    ("GET", "/nothing"),
]


def test_health_needs_no_token_and_says_only_ok(double: Any) -> None:
    response = httpx.get(f"{double.url}/health", trust_env=False)
    assert (response.status_code, response.text) == (200, "ok")


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic {token}", "Bearer", "Bearer {token}x"])
def test_everything_else_needs_the_token(double: Any, method: str, path: str, authorization: str | None) -> None:
    headers = {"Authorization": authorization.format(token=double.token)} if authorization else {}
    response = httpx.request(method, double.url + path, headers=headers, trust_env=False)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (401, "unauthorized")
    assert error["request_id"] == response.headers["X-Request-Id"]
    assert "token" in error["message"] and double.token not in response.text


@pytest.mark.parametrize(
    "host", ["example.com", "127.0.0.1", "127.0.0.1:1", "localhost", "[::1]:{port}", "evil.test:{port}"]
)
@pytest.mark.parametrize("path", ["/health", "/v1/models"])
def test_other_hosts_are_forbidden_even_with_the_token(double: Any, host: str, path: str) -> None:
    response = double.client.get(path, headers={"Host": host.format(port=double.info["port"])})
    assert (response.status_code, response.json()["error"]["code"]) == (403, "forbidden")


def test_localhost_is_the_same_as_the_address(double: Any) -> None:
    assert double.client.get("/health", headers={"Host": f"localhost:{double.info['port']}"}).text == "ok"


@pytest.mark.parametrize("origin", ["https://example.com", "null", "{url}"])
def test_web_pages_are_forbidden_whatever_their_origin(double: Any, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        response = double.client.request(method, "/v1/models", headers={"Origin": origin.format(url=double.url)})
        assert (response.status_code, response.json()["error"]["code"]) == (403, "forbidden")
        assert not [name for name in response.headers if name.startswith("access-control")]


def test_token_of_the_environment_is_used(start: Any, serve_with_double: list[str], monkeypatch: Any) -> None:
    monkeypatch.setenv("RSVLM_TOKEN", "given-by-the-plugin")
    backend = start(serve_with_double)
    assert backend.token == "given-by-the-plugin"
    assert backend.client.get("/v1/models").status_code == 200
    assert "RSVLM_TOKEN" not in backend.worker().environ()


def test_token_stands_nowhere_but_in_its_file(start: Any, serve_with_double: list[str]) -> None:
    """Not where other users look (arguments), nor where it would be passed on (log, standard error, the worker)."""
    backend = start(serve_with_double)
    assert backend.ask({"href": "/say"}).status_code == 200
    assert backend.client.get("/v1/models", headers={"Authorization": "Bearer wrong"}).status_code == 401
    service, worker = psutil.Process(backend.info["pid"]), backend.worker()
    seen = [" ".join(process.cmdline()) for process in (service, worker)]
    seen += [json.dumps(worker.environ()), json.dumps(service.environ()), json.dumps(backend.info), backend.log()]
    assert len(backend.token) >= 32 and not [text for text in seen if backend.token in text]
    holders = [path for path in backend.home.rglob("*") if path.is_file() and backend.token in path.read_text()]
    assert holders == [Path(backend.info["token_file"])]


def test_only_the_loopback_address_is_listened_at(double: Any) -> None:
    sockets = psutil.Process(double.info["pid"]).net_connections()
    assert [(socket.laddr.ip, socket.laddr.port) for socket in sockets if socket.status == psutil.CONN_LISTEN] == [
        ("127.0.0.1", double.info["port"])
    ]
    assert psutil.Process(double.worker().pid).net_connections() == []


@pytest.mark.parametrize("header", ["Host: {host}\r\nHost: evil.test", "X-Nothing: 1"])
def test_no_host_or_two_of_them_are_refused(double: Any, header: str) -> None:
    host = f"127.0.0.1:{double.info['port']}"
    with socket.create_connection(("127.0.0.1", double.info["port"]), 5) as connection:
        connection.sendall(f"GET /health HTTP/1.1\r\n{header.format(host=host)}\r\n\r\n".encode())
        status = connection.recv(4096).split(b" ")[1]
    assert status in (b"400", b"403")


def test_body_over_the_limit_is_refused_before_it_is_sent(double: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", double.info["port"], timeout=5)
    connection.putrequest("POST", "/v1/view")
    connection.putheader("Authorization", f"Bearer {double.token}")
    connection.putheader("Content-Length", str(65 * 2**20))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413 and b'"too_large"' in response.read()
    connection.close()


def test_body_over_the_limit_is_refused_where_its_length_is_not_announced(double: Any) -> None:
    def pieces() -> Any:
        for _ in range(65):
            yield b" " * 2**20

    # The service answers and hangs up: the client sees the answer, or cannot send the rest.
    try:
        response = double.client.post("/v1/view", content=pieces())
    except httpx.WriteError:
        return
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")


def test_request_id_of_the_client_comes_back(double: Any) -> None:
    response = double.client.get("/nothing", headers={"X-Request-Id": "my.id-1"})
    assert response.status_code == 404
    assert response.headers["X-Request-Id"] == response.json()["error"]["request_id"] == "my.id-1"


@pytest.mark.parametrize("name", ["a b", "x" * 65, "ä".encode(), "a;b"])
def test_request_id_that_could_harm_the_log_is_refused(double: Any, name: str | bytes) -> None:
    response = double.client.get("/v1/models", headers={"X-Request-Id": name})
    assert response.status_code == 400
    assert "X-Request-Id" in response.json()["error"]["message"]
