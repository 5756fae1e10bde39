"""What each client refuses in a list of tools: an independent reading of the limits that their makers document.

`refusals(tools, profile, server)` is empty where the client takes every tool of the list; otherwise it has one sentence per reason.

| profile | names | schemas | list |
|---|---|---|---|
| openai | 1–64 of `[A-Za-z0-9_-]` | the root an object without `anyOf`, `oneOf`, `allOf`, `not`, `enum` | at most 128 tools |
| anthropic | 1–64 of `[A-Za-z0-9_-]` | no `oneOf`, `anyOf`, `allOf` at the root; its properties 1–64 of `[A-Za-z0-9_.-]` | |
| gemini | 1–64 of `[A-Za-z0-9_.:-]`, a letter or `_` first | the subset of OpenAPI 3.0: no `$ref`, `oneOf`, `allOf`, `const`; one type; enums of strings | |
| cursor | with the server's name at most 60 | | the first 40 tools are read |

All: names unique, the root an object, lists with `items`, enums with at least one value and each once, no reference out of the
schema, valid JSON Schema 2020-12.
"""

import json
import re
from collections import Counter

import jsonschema

PROFILES = ["openai", "anthropic", "gemini", "cursor"]
NAMES = {
    "openai": r"[A-Za-z0-9_-]{1,64}",
    "anthropic": r"[A-Za-z0-9_-]{1,64}",
    "gemini": r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}",
    "cursor": r"[A-Za-z0-9_-]{1,60}",
}
MOST = {"openai": 128, "cursor": 40}
ROOT = {"openai": ["anyOf", "oneOf", "allOf", "not", "enum"], "anthropic": ["anyOf", "oneOf", "allOf"]}
# Gemini's `Schema`, the subset of OpenAPI 3.0 that classic `parameters` takes.
GEMINI = {
    "type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems", "properties", "required",
    "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering", "default",
    "minimum", "maximum",
}  # fmt: skip
DATA = {"enum", "const", "default", "example", "examples", "required", "propertyOrdering"}
MAPS = {"properties", "$defs", "patternProperties", "dependentSchemas"}


def refusals(tools: list[dict], profile: str, server: str = "") -> list[str]:
    """Everything for which the client would refuse a tool; how many there may be is `too_many`'s."""
    found = list(of_names(tools, profile, server))
    for tool in tools:
        found += [f"{tool['name']}: {reason}" for reason in of_schema(tool["inputSchema"], profile)]
    return found


def too_many(tools: list[dict], profile: str) -> bool:
    """Whether the client would not take the list for its length."""
    return len(tools) > MOST.get(profile, len(tools))


def of_names(tools, profile, server):
    for name, count in Counter(tool["name"] for tool in tools).items():
        if count > 1:
            yield f"{name}: the name is used {count} times"
        if not re.fullmatch(NAMES[profile], name):
            yield f"{name}: the name does not match {NAMES[profile]}"
        if profile == "cursor" and len(server) + len(name) > 60:
            yield f"{name}: with the server's name it is longer than 60"


def of_schema(schema, profile):
    """What is wrong with an input schema."""
    if schema.get("type") != "object":
        yield "the root is no object"
    for keyword in ROOT.get(profile, []):
        if keyword in schema:
            yield f"{keyword} at the root"
    if profile == "anthropic":
        for name in schema.get("properties", {}):
            if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
                yield f"property {name!r} at the root"
    if profile == "gemini":
        yield from of_subset(schema)
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        yield f"no valid schema: {error.message}"
    for node in nodes(schema):
        yield from of_node(node, schema)


def of_node(node, whole):
    """What is wrong with one schema inside, for every client."""
    types = node.get("type") if isinstance(node.get("type"), list) else [node.get("type")]
    if "array" in types and "items" not in node and "prefixItems" not in node:
        yield "a list without items"
    if "enum" in node:
        values = [json.dumps(value, sort_keys=True) for value in node["enum"]]
        if not values:
            yield "an empty enum"
        if len(set(values)) < len(values):
            yield "an enum with a value twice"
    if "$ref" in node and not leads(node["$ref"], whole):
        yield f"an open reference {node['$ref']!r}"


def of_subset(schema):
    """Keywords that Gemini's own schema does not have, and types it cannot say."""
    for node in nodes(schema):
        for keyword in node.keys() - GEMINI:
            # Refusing what is not declared is the default; the field is let through by the API.
            if keyword != "additionalProperties" or not isinstance(node[keyword], bool):
                yield f"{keyword} is not in the subset"
        if isinstance(node.get("type"), list):
            yield "a list of types"
        if any(not isinstance(value, str) for value in node.get("enum", [])):
            yield "an enum of something other than strings"


def nodes(schema):
    """Every schema in a schema, itself first; none of the data in it."""
    if isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            if key in MAPS and isinstance(value, dict):
                for inner in value.values():
                    yield from nodes(inner)
            elif key not in DATA:
                yield from nodes(value)
    elif isinstance(schema, list):
        for inner in schema:
            yield from nodes(inner)


def leads(reference, whole) -> bool:
    """Whether a reference leads to a schema of the same document."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return False
    here = whole
    for part in reference.removeprefix("#").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(here, dict) or key not in here:
            return False
        here = here[key]
    return isinstance(here, (dict, bool))
