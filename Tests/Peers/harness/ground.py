"""What a description says, read without the hub: its operations, and the parameters that are no caller's to fill."""

from collections import Counter
from pathlib import Path

import yaml

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}
# OpenAPI says of these that they mean nothing as parameters (3.1.1 §4.8.12.1); the others belong to the connection.
RESERVED = {"accept", "content-type", "authorization", "host", "cookie", "connection", "content-length", "transfer-encoding", "via", "forwarded"}


class Text(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML without its 1.1 guesses at dates and booleans such as `no`."""


Text.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp" and first not in "yYnNoO"]
    for first, resolvers in Text.yaml_implicit_resolvers.items()
}


def load(file: Path) -> dict:
    """The document, with keys as text."""
    return text_keys(yaml.load(file.read_bytes(), Loader=Text))


def text_keys(node):
    if isinstance(node, dict):
        return {str(key): text_keys(value) for key, value in node.items()}
    return [text_keys(item) for item in node] if isinstance(node, list) else node


def resolved(document, node):
    """What a reference within the document leads to; the node itself where it is none, or leads out of it or nowhere."""
    for _ in range(16):
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return node
        here = document
        for part in reference.removeprefix("#/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            here = here.get(key) if isinstance(here, dict) else None
        if here is None:
            return node
        node = here
    return node


def operations(document):
    """Every operation as (`GET /path`, the path item, the operation), whatever it looks like."""
    for path, item in (document.get("paths") or {}).items():
        item = resolved(document, item)
        if not isinstance(item, dict):
            continue
        for method, operation in [*item.items(), *(item.get("additionalOperations") or {}).items()]:
            if method in METHODS or method in (item.get("additionalOperations") or {}):
                yield f"{method.upper() if method in METHODS else method} {path}", item, operation


def parameters(document, item, operation):
    """The parameters of an operation by place and name, those of its path overridden by its own."""
    found = {}
    for node in [*(item.get("parameters") or []), *(operation.get("parameters") or [])]:
        node = resolved(document, node)
        if isinstance(node, dict) and "name" in node and "in" in node:
            found[node["in"], node["name"]] = node
    return found


def credentials(document) -> set[tuple[str, str]]:
    """The places and names in which the document's security schemes send a key."""
    schemes = document.get("securityDefinitions") or (document.get("components") or {}).get("securitySchemes") or {}
    schemes = [resolved(document, scheme) for scheme in schemes.values()]
    return {(scheme["in"], scheme["name"].lower()) for scheme in schemes if scheme.get("type") == "apiKey"}


def reserved(document) -> Counter:
    """How many parameters, by place, are headers the hub writes itself, or the credential the hub holds."""
    keys = credentials(document)
    return Counter(
        place
        for _, item, operation in operations(document)
        if isinstance(operation, dict)
        for place, name in parameters(document, item, operation)
        if (place, name.lower()) in keys or (place == "header" and (name.lower() in RESERVED or name.lower().startswith("x-forwarded-")))
    )


def fixed(document) -> Counter:
    """How many required parameters, by place, have a single value, which need not be asked for."""
    counts = Counter()
    for _, item, operation in operations(document):
        if isinstance(operation, dict):
            for (place, _), node in parameters(document, item, operation).items():
                schema = resolved(document, node.get("schema", node))
                single = isinstance(schema, dict) and ("const" in schema or len(schema.get("enum") or []) == 1)
                counts[place] += bool(node.get("required") and single)
    return counts


def empty_bodies(document) -> int:
    """How many operations have a request body for which no media type is given: nothing can be sent."""
    return sum(
        isinstance(operation, dict)
        and isinstance(resolved(document, operation.get("requestBody")), dict)
        and not resolved(document, operation["requestBody"]).get("content")
        for _, _, operation in operations(document)
    )
