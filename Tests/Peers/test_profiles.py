"""The checker of client profiles, against lists that each client is known to refuse."""

import pytest

from harness.profiles import PROFILES, refusals, too_many

ALL = set(PROFILES)


def tool(name="look", **schema):
    return {"name": name, "inputSchema": {"type": "object", "properties": {}} | schema}


def with_property(schema):
    return [tool(properties={"a": schema})]


BAD = {
    "a dot in the name": ([tool("a.b")], ALL - {"gemini"}),
    "a slash in the name": ([tool("a/b")], ALL),
    "an empty name": ([tool("")], ALL),
    "a digit first": ([tool("1a")], {"gemini"}),
    "a hyphen first": ([tool("-a")], {"gemini"}),
    "a name of 64": ([tool("a" * 64)], {"cursor"}),
    "a name of 65": ([tool("a" * 65)], ALL),
    "a name twice": ([tool(), tool()], ALL),
    "a root that is no object": ([{"name": "a", "inputSchema": {"type": "string"}}], ALL),
    "a choice at the root": ([tool(anyOf=[{"required": ["a"]}])], {"openai", "anthropic"}),
    "one of several at the root": ([tool(oneOf=[{"required": ["a"]}])], {"openai", "anthropic", "gemini"}),
    "brackets in an argument": ([tool(properties={"filter[x]": {"type": "string"}})], {"anthropic"}),
    "an argument of 65": ([tool(properties={"a" * 65: {"type": "string"}})], {"anthropic"}),
    "a choice below": (with_property({"anyOf": [{"type": "string"}, {"type": "object"}]}), set()),
    "parts below": (with_property({"allOf": [{"type": "object"}]}), {"gemini"}),
    "a constant": (with_property({"const": "a"}), {"gemini"}),
    "a list of types": (with_property({"type": ["string", "null"]}), {"gemini"}),
    "an enum of numbers": (with_property({"type": "integer", "enum": [1, 2]}), {"gemini"}),
    "definitions": ([tool(**{"$defs": {"x": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/x"}}})], {"gemini"}),
    "an open reference": (with_property({"$ref": "#/$defs/x"}), ALL),
    "a reference to elsewhere": (with_property({"$ref": "https://example.com/x"}), ALL),
    "a list without items": (with_property({"type": "array"}), ALL),
    "an empty enum": (with_property({"type": "string", "enum": []}), ALL),
    "an enum with a value twice": (with_property({"type": "string", "enum": ["a", "a"]}), ALL),
    "a type nobody knows": (with_property({"type": "int"}), ALL),
    "a closed object": ([tool(additionalProperties=False)], set()),
    "an argument named as a keyword": ([tool(properties={"$ref": {"type": "string"}, "enum": {"type": "string"}})], {"anthropic"}),
    "data that looks like a schema": (with_property({"type": "object", "default": {"$ref": "x", "type": "array"}}), set()),
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", BAD)
def test_a_list_is_refused_by_those_who_do(name, profile):
    tools, clients = BAD[name]
    assert bool(refusals(tools, profile)) == (profile in clients), refusals(tools, profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_plain_list_is_taken(profile):
    assert refusals([tool(), tool("other_1", properties={"a_b": {"type": "array", "items": {"type": "string"}}})], profile) == []


def test_lists_of_any_length_are_for_some():
    many = [tool(f"t{number}") for number in range(129)]
    assert [profile for profile in PROFILES if too_many(many, profile)] == ["openai", "cursor"]
    assert [profile for profile in PROFILES if too_many(many[:128], profile)] == ["cursor"]
    assert not any(too_many(many[:40], profile) for profile in PROFILES)


def test_the_name_of_the_server_counts_for_cursor():
    assert refusals([tool("a" * 50)], "cursor", server="s" * 10) == []
    assert refusals([tool("a" * 50)], "cursor", server="s" * 11)
