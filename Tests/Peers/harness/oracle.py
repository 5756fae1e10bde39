"""Reads a request back as openapi-core understands it, argument by argument."""

import base64
import json
import warnings
from collections import Counter
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema_path import SchemaPath
from openapi_core.templating.paths.parsers import PathParser
from openapi_core.validation.request import validators
from werkzeug.datastructures import Headers, ImmutableMultiDict

from harness import ground

VALIDATORS = {
    "3.0": validators.V30RequestValidator,
    "3.1": validators.V31RequestValidator,
    "3.2": validators.V32RequestValidator,
}


def lenient(kind):
    """A reader that takes what it reads for what it is: whether it keeps to the schema is the caller's affair."""
    return type("Lenient", (kind,), {"_validate_schema": lambda self, schema, value: None})


class Oracle:
    """openapi-core over one description."""

    def __init__(self, document: dict):
        self.document = document
        self.spec = SchemaPath.from_dict(document)
        self.reader = lenient(VALIDATORS[str(document["openapi"])[:3]])(self.spec)
        self.compared = Counter()

    def complaint(self) -> str | None:
        """What openapi-core has against the document as a whole; none where it loads."""
        try:
            self.reader.check_spec(self.spec)
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:200]
        return None

    def differences(self, tool: dict, arguments: dict, request: dict) -> list["Difference"]:
        """Where what is read differs from what was given; raises `LookupError` for an operation openapi-core does not know."""
        method, path = tool["_meta"]["hubd/operation"].split(" ", 1)
        item = ground.resolved(self.document, self.document["paths"][path])
        node = item[method.lower()]
        operation = self.spec / "paths" / path / method.lower()
        declared = self.declared(path, item, operation, node)
        origins = {name: tuple(origin.split(":", 1)) for name, origin in tool["_meta"]["hubd/arguments"].items()}
        # What has one value is sent without being asked for, and read back as if it had been.
        for origin, value in tool["_meta"].get("hubd/constants", {}).items():
            origins[f"={origin}"] = tuple(origin.split(":", 1))
            arguments = arguments | {f"={origin}": value}
        locations = self.locations(path, request)
        found, body = [], {}
        for name, value in arguments.items():
            place, wire = origins[name]
            if place == "body":
                body[wire] = value
                continue
            parameter, written = declared.get((place, wire), (None, {}))
            self.compared[place] += 1
            try:
                # A variable of the path that is not declared is what stands there.
                read = locations[place][wire] if parameter is None else self.parameter(parameter, locations[place])
            except Exception as error:
                read = error
            if not agrees(value, read):
                found.append(Difference(place, wire, value, read, written))
        if body:
            written = {"requestBody": ground.resolved(self.document, node.get("requestBody"))}
            found += self.body(operation, written, body[""] if "" in body else body, request)
        return found + self.unasked(arguments, origins, locations)

    def declared(self, path, item, operation, node) -> dict:
        """The parameters by place and name, as openapi-core and as the document have them."""
        found = {}
        for where, owner in [(self.spec / "paths" / path, item), (operation, node)]:
            for index, written in enumerate(owner.get("parameters") or []):
                written = ground.resolved(self.document, written)
                found[written.get("in"), written.get("name")] = (where / "parameters" / index, written)
        return found

    def parameter(self, parameter, location):
        return self.reader._get_param_or_header_and_schema(parameter, location)[0]

    @staticmethod
    def locations(path: str, request: dict) -> dict:
        """The request taken apart by what is older than OpenAPI: URL, form and cookie syntax."""
        url = urlsplit(request["url"])
        match = PathParser(path.split("?")[0].split("#")[0]).parse(url.path)
        headers = Headers(list(request["headers"].items()))
        crumbs = [crumb.split("=", 1) for crumb in headers.get("Cookie", "").split("; ") if "=" in crumb]
        return {
            "path": {name: unquote(value) for name, value in match.named.items()} if match else {},
            "query": ImmutableMultiDict(parse_qsl(url.query, keep_blank_values=True)),
            "header": headers,
            "cookie": ImmutableMultiDict([(unquote(name), unquote(value)) for name, value in crumbs]),
        }

    @staticmethod
    def unasked(arguments, origins, locations) -> list["Difference"]:
        """What is in the query or the headers without an argument that asked for it."""
        wires = {"query": set(), "header": {"accept", "content-type", "cookie"}}
        for name, value in arguments.items():
            place, wire = origins[name]
            if place in wires:
                wires[place] |= {wire if place == "query" else wire.lower(), *(value if isinstance(value, dict) else [])}
        query = [key for key in locations["query"] if key not in wires["query"] and key.split("[")[0] not in wires["query"]]
        header = [key for key, _ in locations["header"] if key.lower() not in wires["header"]]
        return [Difference("query", key, None, key, {}) for key in query] + [Difference("header", key, None, key, {}) for key in header]

    def body(self, operation, node, sent, request) -> list["Difference"]:
        content = next(value for name, value in request["headers"].items() if name.lower() == "content-type")
        kind = essence(content)
        data = base64.b64decode(request["bodyBase64"]) if "bodyBase64" in request else request["body"].encode()
        self.compared[kind] += len(sent) if isinstance(sent, dict) else 1
        try:
            read = self.reader._get_body(data, content, operation)
            if isinstance(read, bytes) and kind.endswith("json"):
                read = json.loads(read)  # offered as a range, or as a `+json` it has no reader for
        except Exception as error:
            read = error
        if not isinstance(sent, dict) or not isinstance(read, dict) or kind.endswith("json"):
            return [] if agrees(sent, read) else [Difference(kind, "", sent, read, node)]
        if kind.startswith("multipart/"):
            # A file without a media type is read as text.
            read = {key: value.encode() if isinstance(value, str) else value for key, value in read.items()}
        pairs = [(key, value, read.get(key, KeyError(key))) for key, value in sent.items()]
        return [Difference(kind, key, value, got, node) for key, value, got in pairs if not agrees(value, got)]


class Difference:
    """An argument that came back as something else."""

    def __init__(self, place: str, name: str, sent, read, node):
        self.place, self.name, self.sent, self.read, self.node = place, name, sent, read, node

    def __repr__(self):
        return f"{self.place} {self.name!r}: sent {json.dumps(self.sent, ensure_ascii=False)[:200]}, read {self.read!r:.200}"


def essence(content: str) -> str:
    return content.split(";")[0].strip().lower()


def agrees(sent, read) -> bool:
    """Whether what was read is what was sent, where text has no types."""
    if isinstance(read, Exception):
        return False
    if isinstance(read, bytes) and isinstance(sent, (dict, list)):
        read = parsed(read)  # a part whose schema is a choice
    if isinstance(sent, list):
        return isinstance(read, list) and len(sent) == len(read) and all(map(agrees, sent, read))
    if isinstance(sent, dict):
        return isinstance(read, dict) and sent.keys() == read.keys() and all(agrees(value, read[key]) for key, value in sent.items())
    if isinstance(read, bytes):
        if isinstance(sent, str):
            return read in (sent.encode(), decoded(sent))
        return agrees(sent, read.decode(errors="replace"))
    if type(sent) is type(read) or isinstance(sent, (int, float)) and isinstance(read, (int, float)):
        return sent == read
    return isinstance(read, str) and read == (json.dumps(sent) if not isinstance(sent, str) else sent)


def parsed(data: bytes):
    try:
        return json.loads(data)
    except ValueError as error:
        return error


def decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


warnings.filterwarnings("ignore", module="openapi_core")
