"""The service is as its OpenAPI document says: for good requests, and for bad ones made from the document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsvlm.protocol import ERROR_CODES
from rsvlm.tasks import TASKS

Schema = dict[str, Any]

WORK = ("/v1/chat/completions", "/v1/embeddings", "/v1/jobs", "/v1/view", *(f"/v1/{task}" for task in TASKS))
LOOKS = ("/health", "/v1/models", "/v1/jobs", "/openapi.json")
NAMED = (
    ("GET", "/v1/jobs/{}"),
    ("GET", "/v1/jobs/{}/events"),
    ("DELETE", "/v1/jobs/{}"),
    ("DELETE", "/v1/requests/{}"),
)
# Of programs, not for users: nothing of this may reach a client.
LEAKS = re.compile(r"Traceback|pydantic|Input should|Exception|site-packages|\.py\b|/work/|<class|object at 0x")
# What fields hold where any text would only be refused, so that requests get further.
TELLING = ["/say", "/nowhere", "default", "data:image/png;base64,AAAA", "brief", "EPSG:3857", "", "\x00", "é\u2028"]

bounded = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


class Described:
    """The document, and what follows from it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._schemas = document["components"]["schemas"]

    def operation(self, method: str, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.document["paths"][path][method.lower()]
        return found

    def body(self, path: str) -> Schema:
        schema: Schema = self.operation("POST", path)["requestBody"]["content"]["application/json"]["schema"]
        return schema

    def faults(self, value: Any, schema: Schema, at: str = "") -> list[str]:
        """Where a value is not as a schema says; of objects, what is not described is a fault as well."""
        if "$ref" in schema:
            return self.faults(value, self._schemas[schema["$ref"].rsplit("/", 1)[1]], at)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                each = [self.faults(value, option, at) for option in schema[several]]
                return [] if not all(each) else min(each, key=len)
        if "enum" in schema or "const" in schema:
            allowed = schema.get("enum", [schema.get("const")])
            return [] if any(_same(value, item) for item in allowed) else [f"{at}: not one of {allowed}"]
        if not _is(value, schema.get("type")):
            return [f"{at}: not of the type {schema['type']}"]
        return list(self._faults_inside(value, schema, at))

    def _faults_inside(self, value: Any, schema: Schema, at: str) -> Iterator[str]:
        if isinstance(value, dict) and not schema.get("additionalProperties"):
            known = schema.get("properties", {})
            yield from (f"{at}.{name}: missing" for name in schema.get("required", []) if name not in value)
            yield from (f"{at}.{name}: not known" for name in value if name not in known)
            for name in known.keys() & value.keys():
                yield from self.faults(value[name], known[name], f"{at}.{name}")
        if isinstance(value, list):
            each = schema.get("prefixItems") or [schema["items"]] * len(value)
            for index, (item, kind) in enumerate(zip(value, each, strict=False)):
                yield from self.faults(item, kind, f"{at}[{index}]")
        if isinstance(value, (list, str)):
            low, high = ("minItems", "maxItems") if isinstance(value, list) else ("minLength", "maxLength")
            if not schema.get(low, 0) <= len(value) <= schema.get(high, len(value)):
                yield f"{at}: of the wrong length"

    def values(self, schema: Schema) -> st.SearchStrategy[Any]:
        """Everything that is as a schema says, kept small."""
        if "$ref" in schema:
            return self.values(self._schemas[schema["$ref"].rsplit("/", 1)[1]])
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return st.one_of([self.values(option) for option in schema[several]])
        if "enum" in schema or "const" in schema:
            return st.sampled_from(schema.get("enum", [schema.get("const")]))
        if schema["type"] == "object" and schema.get("additionalProperties"):
            return st.dictionaries(st.text(max_size=3), ANYTHING, max_size=2)
        if schema["type"] == "object":
            fields = {name: self.values(field) for name, field in schema["properties"].items()}
            required = schema.get("required", [])
            optional = {name: field for name, field in fields.items() if name not in required}
            return st.fixed_dictionaries({name: fields[name] for name in required}, optional=optional)
        if "prefixItems" in schema:
            return st.tuples(*map(self.values, schema["prefixItems"])).map(list)
        if schema["type"] == "array":
            most = 6 if schema["items"].get("type") in SCALARS else 3  # an extent has four numbers, a transform six
            return st.lists(self.values(schema["items"]), min_size=schema.get("minItems", 0), max_size=most)
        if schema["type"] == "string":
            return st.sampled_from([text for text in TELLING if len(text) >= schema.get("minLength", 0)])
        return SCALARS[schema["type"]]


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "integer": st.integers(-3, 300) | st.integers(),
    "number": st.integers(-3, 300) | st.floats(allow_nan=False, allow_infinity=False),
}
TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXT, *SCALARS.values()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


def _is(value: Any, kind: str | None) -> bool:
    kinds = {"object": dict, "array": list, "string": str, "null": type(None), "boolean": bool}
    if kind in ("integer", "number"):
        return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    return kind is None or isinstance(value, kinds[kind])


def _same(value: Any, other: Any) -> bool:
    return value == other and isinstance(value, bool) == isinstance(other, bool)


@st.composite
def spoiled(draw: Callable[..., Any], good: st.SearchStrategy[Any]) -> Any:
    """A good value with one thing in it left out, added or replaced, be it the whole."""
    whole: list[Any] = [json.loads(json.dumps(draw(good)))]
    holder: Any = whole
    key: Any = 0
    while isinstance(holder[key], (dict, list)) and holder[key] and draw(st.integers(0, 4)):
        holder = holder[key]
        key = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    how = draw(st.sampled_from(["replace", "drop", "add"]))
    if how == "drop" and holder is not whole:
        del holder[key]
    elif how == "add" and isinstance(holder[key], dict):
        holder[key][draw(TEXT)] = draw(ANYTHING)
    else:
        holder[key] = draw(ANYTHING)
    return whole[0]


@pytest.fixture(scope="module")
def described(double: Any) -> Described:
    return Described(double.client.get("/openapi.json").json())


@pytest.fixture(scope="module", autouse=True)
def _alive_and_without_tracebacks(double: Any) -> Iterator[None]:
    yield
    assert double.client.get("/health").text == "ok" and double.process.poll() is None
    assert "Traceback" not in double.log()


def check(described: Described, response: httpx.Response, path: str) -> None:
    """Hold a response against the document; what is refused besides against the promise on errors."""
    operation = described.operation(response.request.method, path)
    status = str(response.status_code)
    assert status in operation["responses"], f"{status} is not described: {response.text}"
    content = operation["responses"][status]["content"]
    kind = response.headers["Content-Type"].partition(";")[0]
    if kind == "text/event-stream":
        told = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]
        assert told
        said = [json.loads(line) for line in told if line != "[DONE]"]
    else:
        said = [response.json() if kind == "application/json" else response.text]
    for document in said:
        assert described.faults(document, content[kind]["schema"]) == []
    if response.is_success:
        return
    error = response.json()["error"]
    assert ERROR_CODES[error["code"]][0] == response.status_code
    assert response.status_code < 500 or response.status_code in (502, 503, 507)
    assert error["message"] and not LEAKS.search(error["message"] + error["hint"])
    assert error["request_id"] == response.headers["X-Request-Id"]


def test_document_needs_the_token_and_says_so(double: Any, described: Described) -> None:
    assert httpx.get(f"{double.url}/openapi.json", trust_env=False).status_code == 401
    assert described.document["openapi"].startswith("3.1")
    assert described.document["security"] == [{"token": []}]
    assert described.document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert described.operation("GET", "/health")["security"] == []


def test_every_route_is_described_with_what_it_takes_and_says(described: Described) -> None:
    document = described.document
    assert {path for path in document["paths"]} == {*WORK, *LOOKS, *(path for path in document["paths"] if "{" in path)}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description"), f"{method} {path}"
            assert ("requestBody" in operation) == (method == "post")
            assert {"400", "401", "403", "413", "default"} <= set(operation["responses"])
            named = re.findall(r"{(\w+)}", path)
            assert [item["name"] for item in operation["parameters"]] == [*named, "X-Request-Id"]
    text = json.dumps(document)
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert referred == set(document["components"]["schemas"])
    assert "HTTPValidationError" not in text and "$defs" not in text
    assert described.document["components"]["schemas"]["Refusal"]["properties"]["code"]["enum"] == list(ERROR_CODES)


@pytest.mark.parametrize("path", LOOKS)
def test_what_can_be_looked_at_is_as_described(double: Any, described: Described, path: str) -> None:
    check(described, double.client.get(path), path)


@pytest.mark.parametrize("path", [path for path in WORK if path != "/v1/view"])  # of which the double knows nothing
def test_good_requests_are_answered_as_described(double: Any, described: Described, path: str) -> None:
    @settings(bounded, max_examples=25)
    @given(described.values(described.body(path)))
    def ask(body: Any) -> None:
        response = double.client.post(path, json=body)
        check(described, response, path)
        if response.status_code == 202:
            job = response.json()["id"]
            check(described, double.client.get(f"/v1/jobs/{job}/events"), "/v1/jobs/{job_id}/events")
            check(described, double.client.get(f"/v1/jobs/{job}"), "/v1/jobs/{job_id}")
            check(described, double.client.delete(f"/v1/jobs/{job}"), "/v1/jobs/{job_id}")

    ask()


@pytest.mark.parametrize("path", WORK)
def test_what_is_not_as_described_is_refused_in_words(double: Any, described: Described, path: str) -> None:
    schema = described.body(path)

    @settings(bounded, max_examples=40)
    @given(spoiled(described.values(schema)))
    def ask(body: Any) -> None:
        response = double.client.post(path, json=body)
        if path != "/v1/view" or not response.is_success:
            check(described, response, path)
        if described.faults(body, schema):
            assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request"), body

    ask()


@pytest.mark.parametrize("path", WORK)
def test_what_is_no_json_is_refused_in_words(double: Any, described: Described, path: str) -> None:
    @settings(bounded, max_examples=15)
    @given(st.binary(max_size=20), st.sampled_from(["application/json", "text/plain", "multipart/form-data", ""]))
    def ask(content: bytes, kind: str) -> None:
        response = double.client.post(path, content=content, headers={"Content-Type": kind})
        check(described, response, path)
        assert response.json()["error"]["code"] == "bad_request"

    ask()


@pytest.mark.parametrize(("method", "path"), NAMED)
def test_names_that_mean_nothing_are_not_found(double: Any, described: Described, method: str, path: str) -> None:
    (pattern,) = (known for known in described.document["paths"] if re.sub(r"{\w+}", "{}", known) == path)

    @settings(bounded, max_examples=15)
    @given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200).filter(lambda name: name not in (".", "..")))
    def ask(name: str) -> None:
        response = double.client.request(method, path.format(quote(name, safe="")))
        error = response.json()["error"]
        assert (response.status_code, error["code"]) in ((404, "not_found"), (405, "not_found"))
        if response.status_code == 404:
            check(described, response, pattern)

    ask()


@pytest.mark.parametrize(("method", "path"), [*(("POST", path) for path in WORK), *(("GET", path) for path in LOOKS)])
def test_unknown_parameters_and_strange_headers_are_refused(
    double: Any, described: Described, method: str, path: str
) -> None:
    @settings(bounded, max_examples=8)
    @given(st.dictionaries(TEXT.filter(bool), TEXT, min_size=1, max_size=2))
    def ask(query: dict[str, str]) -> None:
        response = double.client.request(method, path, params=query)
        check(described, response, path)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")

    ask()
    for name in ("spaces between", "x" * 65, "ü".encode()):
        response = double.client.request(method, path, headers={"X-Request-Id": name})
        check(described, response, path)
        assert response.status_code == 400


def _about(path: str, raster: dict[str, Any]) -> dict[str, Any]:
    return {"input": [{"type": "raster", "raster": raster}]} if path == "/v1/embeddings" else {"raster": raster}


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/v1/view", {}),
        ("/v1/embeddings", {}),
        ("/v1/describe", {"style": "structured"}),
        ("/v1/describe", {"style": "detailed", "stream": True}),
    ],
)
def test_bundled_model_answers_as_described(
    backend: Any, described: Described, picture: str, path: str, more: dict[str, Any]
) -> None:
    placed = {"data": picture, "transform": [1, 0, 500000, 0, -1, 5400256], "crs": "EPSG:32632"}
    response = backend.client.post(path, json=_about(path, placed) | more)
    assert response.status_code == 200, response.text
    check(described, response, path)
    check(described, backend.client.get("/v1/models"), "/v1/models")


@pytest.mark.parametrize("path", ["/v1/describe", "/v1/view", "/v1/embeddings"])
def test_bundled_model_answers_strange_rasters_in_words(
    backend: Any, described: Described, picture: str, path: str
) -> None:
    raster = described.values({"$ref": "#/components/schemas/Raster"})

    @settings(bounded, max_examples=12)
    @given(raster, st.booleans())
    def ask(fields: dict[str, Any], shown: bool) -> None:
        place = {**fields, "data": picture, "href": None} if shown else fields
        check(described, backend.client.post(path, json=_about(path, place)), path)

    ask()
    assert "Traceback" not in backend.log()
