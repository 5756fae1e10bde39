"""Descriptions that are small to write down and large to read, made when a test runs: each case writes its files and names the one to read.

A case gets an empty folder; what it makes is a description of one operation `op` and of whatever is hostile about it.
"""

import json
from pathlib import Path

CASES: dict = {}


def case(function):
    """Adds a case under the name of its function."""
    CASES[function.__name__] = function
    return function


def description(operation=None, schema=None, version="3.1.0", **more) -> dict:
    """A description whose one operation takes a body of `schema`."""
    operation = {"operationId": "op", "responses": {"200": {"description": "ok"}}} | (operation or {})
    if schema is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.test"}],
        "paths": {"/x": {"post": operation}},
    } | more


def reference(name: str) -> dict:
    """A reference to a shared schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas(shared: dict, first="S0", version="3.1.0") -> dict:
    """A description whose body is one of the shared schemas."""
    return description(schema=reference(first), version=version, components={"schemas": shared})


def written(folder: Path, document, name="api.json") -> Path:
    """Writes a description as JSON, or as it is where it is text or bytes."""
    file = folder / name
    if isinstance(document, dict):
        document = json.dumps(document)
    file.write_bytes(document.encode() if isinstance(document, str) else document)
    return file


HEAD = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\nservers: [{url: 'https://api.test'}]\n"
PATHS = "paths: {/x: {get: {operationId: op, responses: {'200': {description: ok}}}}}\n"


# Aliases of YAML


@case
def aliases_that_multiply(folder):
    levels = [f"  a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
    return written(folder, HEAD + PATHS + "x-bomb:\n  a0: &a0 [lol]\n" + "\n".join(levels) + "\n", "api.yaml")


@case
def aliases_of_a_long_text(folder):
    return written(folder, HEAD + PATHS + "x-a: &a " + "a" * 1_000_000 + "\nx-b: [" + "*a, " * 9_000 + "]\n", "api.yaml")


@case
def aliases_in_schemas_that_multiply(folder):
    levels = "".join(f"    S{n}: &s{n} {{properties: {{a: *s{n - 1}, b: *s{n - 1}}}}}\n" for n in range(1, 40))
    return written(folder, HEAD + PATHS + "components:\n  schemas:\n    S0: &s0 {type: string}\n" + levels, "api.yaml")


@case
def an_alias_of_itself(folder):
    return written(folder, HEAD + PATHS + "x-a: &a {b: *a}\n", "api.yaml")


@case
def a_hundred_thousand_anchors(folder):
    return written(folder, HEAD + PATHS + "x-a: [" + ", ".join(f"&a{n} v" for n in range(100_000)) + "]\n", "api.yaml")


# Depth


@case
def brackets_in_json(folder):
    return written(folder, '{"openapi":"3.1.0","x-a":' + "[" * 5_000_000)


@case
def objects_in_json(folder):
    return written(folder, '{"openapi":"3.1.0","x-a":' + '{"a":' * 2_000_000)


@case
def brackets_in_yaml(folder):
    return written(folder, HEAD + PATHS + "x-a: " + "[" * 1_000_000, "api.yaml")


@case
def mappings_in_yaml(folder):
    return written(folder, HEAD + PATHS + "x-a: " + "{a: " * 500_000, "api.yaml")


@case
def sequences_in_yaml(folder):
    return written(folder, HEAD + PATHS + "x-a:\n  " + "- " * 500_000, "api.yaml")


@case
def blocks_in_yaml(folder):
    return written(folder, HEAD + PATHS + "x-a:\n" + "".join(" " * depth + "a:\n" for depth in range(1, 3_000)), "api.yaml")


@case
def questions_in_yaml(folder):
    return written(folder, HEAD + PATHS + "x-a:\n  " + "? " * 500_000, "api.yaml")


@case
def properties_as_deep_as_a_text_may_be(folder):
    schema: dict = {"type": "string"}
    for _ in range(120):
        schema = {"properties": {"a": schema}}
    return written(folder, description(schema=schema))


@case
def combinations_as_deep_as_a_text_may_be(folder):
    schema: dict = {"properties": {"a": {"type": "string"}}}
    for depth in range(120):
        schema = {("allOf", "anyOf", "oneOf")[depth % 3]: [schema]}
    return written(folder, description(schema=schema))


# Schemas that refer to each other


@case
def an_all_of_of_itself(folder):
    return written(folder, schemas({"S0": {"allOf": [reference("S0"), {"properties": {"a": reference("S0")}}]}}))


@case
def all_of_round_a_circle(folder):
    count = 1_000
    return written(folder, schemas({f"S{n}": {"allOf": [reference(f"S{(n + 1) % count}")]} for n in range(count)}))


@case
def any_of_round_a_circle(folder):
    count = 1_000
    return written(folder, schemas({f"S{n}": {"anyOf": [reference(f"S{(n + 1) % count}"), {"type": "null"}]} for n in range(count)}))


@case
def a_chain_of_references(folder):
    count = 100_000
    return written(folder, schemas({f"S{n}": reference(f"S{n + 1}") for n in range(count)} | {f"S{count}": {"type": "string"}}))


@case
def a_circle_of_references(folder):
    count = 50_000
    return written(folder, schemas({f"S{n}": reference(f"S{(n + 1) % count}") for n in range(count)}, version="3.0.3"))


@case
def a_chain_of_properties(folder):
    count = 50_000
    return written(folder, schemas({f"S{n}": {"properties": {"a": reference(f"S{n + 1}")}} for n in range(count)}))


@case
def a_chain_of_items(folder):
    count = 50_000
    return written(folder, schemas({f"S{n}": {"type": "array", "items": reference(f"S{n + 1}")} for n in range(count)}))


@case
def definitions_that_double(folder):
    shared = {f"S{n}": {"properties": {"a": reference(f"S{n + 1}"), "b": reference(f"S{n + 1}")}} for n in range(200)}
    return written(folder, schemas(shared | {"S200": {"type": "string"}}))


@case
def all_of_that_doubles(folder):
    shared = {f"S{n}": {"allOf": [reference(f"S{n + 1}"), reference(f"S{n + 1}")]} for n in range(200)}
    return written(folder, schemas(shared | {"S200": {"properties": {"a": {"type": "string"}}}}))


@case
def one_of_that_doubles(folder):
    shared = {f"S{n}": {"oneOf": [reference(f"S{n + 1}"), {"items": reference(f"S{n + 1}")}]} for n in range(200)}
    return written(folder, schemas(shared | {"S200": {"type": "string"}}))


@case
def every_schema_refers_to_every_other(folder):
    names = [f"S{n}" for n in range(400)]
    return written(folder, schemas({name: {"properties": {other: reference(other) for other in names}} for name in names}))


@case
def all_of_of_every_other(folder):
    names = [f"S{n}" for n in range(300)]
    return written(folder, schemas({name: {"allOf": list(map(reference, names)), "properties": {name: {}}} for name in names}))


@case
def a_hundred_thousand_branches(folder):
    branches = [{"properties": {f"p{n}": {"type": "string"}}} for n in range(100_000)]
    return written(folder, description(schema={"allOf": branches}))


@case
def a_hundred_thousand_alternatives(folder):
    return written(folder, description(schema={"properties": {"a": {"oneOf": [{"const": n} for n in range(100_000)]}}}))


@case
def references_into_a_long_list(folder):
    count = 100_000
    properties = {f"p{n}": {"$ref": f"#/x-list/{n}"} for n in range(count)}
    return written(folder, description(schema={"properties": properties}, **{"x-list": [{"type": "string"}] * count}))


@case
def references_through_references(folder):
    shared = {f"S{n}": {"properties": {"a": reference(f"S{n + 1}")}} for n in range(2_000)}
    deep = {f"p{n}": {"$ref": "#/components/schemas/S0" + "/properties/a" * n} for n in range(2_000)}
    return written(folder, schemas(shared | {"Deep": {"properties": deep}}, first="Deep"))


@case
def references_that_lead_nowhere(folder):
    return written(folder, description(schema={"properties": {f"p{n}": reference(f"None{n}") for n in range(200_000)}}))


@case
def anchors_that_stand_often(folder):
    shared = {f"S{n}": {"$anchor": f"a{n % 100}", "properties": {"a": {"$ref": f"#a{(n + 1) % 100}"}}} for n in range(100_000)}
    return written(folder, schemas(shared))


# Many of one thing


@case
def a_hundred_thousand_parameters(folder):
    parameters = [{"name": f"p{n}", "in": "query", "schema": {"type": "string"}} for n in range(100_000)]
    return written(folder, description({"parameters": parameters}))


@case
def a_hundred_thousand_shared_parameters(folder):
    parameters = [{"name": f"p{n}", "in": "query"} for n in range(100_000)]
    document = description()
    item = document["paths"]["/x"]
    item["parameters"] = parameters
    for method in ["get", "put", "delete", "options", "head", "patch", "trace"]:
        item[method] = {}
    return written(folder, document)


@case
def a_hundred_thousand_properties(folder):
    properties = {f"p{n}": {"type": "string", "description": "One of many."} for n in range(100_000)}
    return written(folder, description(schema={"properties": properties, "required": list(properties)}))


@case
def many_operations_with_many_shared_parameters(folder):
    item = {"parameters": [{"name": f"p{n}", "in": "query"} for n in range(2_000)]}
    item["additionalOperations"] = {f"M{n}": {} for n in range(25_000)}
    return written(folder, description(version="3.2.0", paths={"/x": item}))


@case
def many_operations_with_one_large_body(folder):
    body = {"requestBody": {"$ref": "#/components/requestBodies/B"}}
    properties = {f"p{n}": {"type": "string"} for n in range(20_000)}
    shared = {"B": {"content": {"application/json": {"schema": {"properties": properties}}}}}
    return written(folder, description(paths={f"/x{n}": {"post": body} for n in range(20_000)}, components={"requestBodies": shared}))


@case
def many_operations_on_one_long_path(folder):
    path = "".join(f"/{{p{n}}}" for n in range(500))
    item = {"additionalOperations": {f"M{n}": {} for n in range(25_000)}}
    return written(folder, description(version="3.2.0", paths={path: item}))


@case
def many_paths_that_are_one_item(folder):
    operation = {"parameters": [{"name": f"p{n}", "in": "query"} for n in range(500)]}
    paths = {f"/x{n}": {"$ref": "#/components/pathItems/I"} for n in range(20_000)}
    return written(folder, description(paths=paths, components={"pathItems": {"I": {"get": operation, "post": operation}}}))


@case
def many_forms_of_one_large_body(folder):
    """A form, whose parts are planned one by one, and XML, whose schemas are compiled."""
    properties = {f"p{n}": {"type": "string", "xml": {"name": f"n{n}"}} for n in range(2_000)}
    content = {kind: {"schema": reference("S0")} for kind in ["multipart/form-data", "application/xml"]}
    paths = {f"/x{n}": {"post": {"requestBody": {"content": {kind: part}}}} for n in range(5_000) for kind, part in [list(content.items())[n % 2]]}
    return written(folder, description(paths=paths, components={"schemas": {"S0": {"properties": properties}}}))


def paths(count: int, operation: dict, method="get") -> dict:
    """Many paths with the same operation."""
    return {f"/x{n}": {method: operation} for n in range(count)}


@case
def many_operations_with_one_large_choice(folder):
    """No plain object, so that the body is one argument."""
    properties = {f"p{n}": {"type": "string"} for n in range(20_000)}
    shared = {"S0": {"oneOf": [{"properties": properties}, {"properties": {"a": {"type": "string"}}}]}}
    operation = {"requestBody": {"content": {"application/json": {"schema": reference("S0")}}}}
    return written(folder, description(paths=paths(20_000, operation, "post"), components={"schemas": shared}))


@case
def many_operations_with_one_large_parameter(folder):
    properties = {f"p{n}": {"type": "string"} for n in range(20_000)}
    shared = {"P": {"name": "p", "in": "query", "style": "deepObject", "schema": {"properties": properties}}}
    operation = {"parameters": [{"$ref": "#/components/parameters/P"}]}
    return written(folder, description(paths=paths(20_000, operation), components={"parameters": shared}))


@case
def many_operations_with_one_wide_parameter(folder):
    """Whoever looks for one word in it passes all others."""
    shared = {"P": {"name": "p", "in": "query"} | {f"x-{n}": 1 for n in range(100_000)}}
    operation = {"parameters": [{"$ref": "#/components/parameters/P"}]}
    return written(folder, description(paths=paths(20_000, operation), components={"parameters": shared}))


@case
def many_operations_with_one_long_text(folder):
    shared = {"P": {"name": "p", "in": "query", "description": "a " * 500_000}}
    operation = {"parameters": [{"$ref": "#/components/parameters/P"}]}
    return written(folder, description(paths=paths(20_000, operation), components={"parameters": shared}))


@case
def many_operations_with_many_types_of_media(folder):
    content = {f"application/x-{n}": {} for n in range(20_000)}
    operation = {
        "requestBody": {"$ref": "#/components/requestBodies/B"},
        "responses": {"200": {"$ref": "#/components/responses/R"}},
    }
    shared = {"requestBodies": {"B": {"content": content}}, "responses": {"R": {"description": "ok", "content": content}}}
    return written(folder, description(paths=paths(20_000, operation, "post"), components=shared))


@case
def many_operations_with_one_deep_document(folder):
    """XML, whose schemas are compiled for each operation."""
    inner = {f"p{n}": {"properties": {f"q{m}": {"type": "string"} for m in range(20)}} for n in range(20)}
    shared = {"S0": {"properties": {"a": {"properties": inner}}}}
    operation = {"requestBody": {"content": {"application/xml": {"schema": reference("S0")}}}}
    return written(folder, description(paths=paths(20_000, operation, "post"), components={"schemas": shared}))


@case
def many_operations_with_one_large_answer(folder):
    properties = {f"p{n}": {"type": "string", "description": "One of many."} for n in range(20_000)}
    shared = {"S0": {"properties": properties}}
    operation = {"responses": {"200": {"description": "ok", "content": {"application/json": {"schema": reference("S0")}}}}}
    return written(folder, description(paths=paths(20_000, operation), components={"schemas": shared}))


@case
def many_operations_with_many_servers(folder):
    variables = {f"v{n}": {"default": "a", "enum": ["a"] * 256} for n in range(64)}
    item = {"servers": [{"url": "https://api.test/{v0}", "variables": variables}] * 64}
    item["additionalOperations"] = {f"M{n}": {} for n in range(20_000)}
    return written(folder, description(version="3.2.0", paths={"/x": item}))


@case
def a_server_that_repeats_a_long_text(folder):
    servers = [{"url": "https://api.test/" + "{v}" * 1_000_000, "variables": {"v": {"default": "a" * 1_000_000}}}, {"url": "https://api.test"}]
    return written(folder, description(servers=servers))


@case
def many_operations_of_the_second_version(folder):
    types = [f"application/x-{n}" for n in range(20_000)]
    document = {"swagger": "2.0", "info": {"title": "t", "version": "1"}, "host": "api.test", "consumes": types, "produces": types}
    operation = {"parameters": [{"name": "b", "in": "body", "schema": {}}]}
    return written(folder, document | {"paths": paths(20_000, operation, "post")})


@case
def many_parameters_and_ways_to_sign_in(folder):
    kinds = {f"s{n}": {"type": "apiKey", "in": "query", "name": f"k{n}"} for n in range(20_000)}
    parameters = [{"name": f"p{n}", "in": "query"} for n in range(20_000)]
    return written(folder, description({"parameters": parameters}, components={"securitySchemes": kinds}))


@case
def parameters_that_no_path_has(folder):
    path = "".join(f"/{{v{n}}}" for n in range(500))
    parameters = [{"name": f"p{n}", "in": "path"} for n in range(20_000)]
    return written(folder, description(paths={path: {"get": {"parameters": parameters}}}))


@case
def schemas_that_extend_one_large_one(folder):
    shared = {"Large": {"properties": {f"p{n}": {} for n in range(20_000)}}}
    shared |= {f"S{n}": {"allOf": [reference("Large"), {"properties": {"a": {"type": "string"}}}]} for n in range(5_000)}
    bodies = {f"/x{n}": {"post": {"requestBody": {"content": {"application/json": {"schema": reference(f"S{n}")}}}}} for n in range(5_000)}
    return written(folder, description(paths=bodies, components={"schemas": shared}))


@case
def properties_of_one_wide_schema(folder):
    shared = {"Wide": {"type": "string"} | {f"x-{n}": 1 for n in range(50_000)}}
    shared["S0"] = {"properties": {f"p{n}": reference("Wide") for n in range(50_000)}}
    return written(folder, schemas(shared))


@case
def a_million_values_to_choose_from(folder):
    parameters = [{"name": "q", "in": "query", "schema": {"enum": [f"v{n}" for n in range(1_000_000)]}}]
    return written(folder, description({"parameters": parameters}))


@case
def many_operations_that_choose_from_many_values(folder):
    parameters = [{"$ref": "#/components/parameters/Q"}]
    paths = {f"/x{n}": {"get": {"parameters": parameters}} for n in range(10_000)}
    shared = {"Q": {"name": "q", "in": "query", "schema": {"enum": [f"v{n}" for n in range(20_000)]}}}
    return written(folder, description(paths=paths, components={"parameters": shared}))


@case
def a_hundred_thousand_operations(folder):
    return written(folder, description(paths={f"/x{n}": {"get": {}} for n in range(100_000)}))


@case
def operations_of_one_name(folder):
    return written(folder, description(paths={f"/x{n}": {"get": {"operationId": "same"}} for n in range(25_000)}))


@case
def arguments_of_one_name(folder):
    parameters = [{"name": "a" + "-_." [n % 3] * (1 + n // 3), "in": "query"} for n in range(3_000)]
    return written(folder, description({"parameters": parameters}))


@case
def names_that_stand_often(folder):
    return written(folder, '{"openapi":"3.1.0",' + '"paths":{"/x":{"get":{}}},' * 200_000 + '"info":{"title":"t"}}')


@case
def types_of_media(folder):
    content = {f"application/x-{n}": {"schema": {"properties": {"a": {}}}} for n in range(100_000)}
    return written(folder, description({"requestBody": {"content": content}, "responses": {"200": {"content": content}}}))


@case
def answers(folder):
    return written(folder, description({"responses": {f"{n}": {"description": "x"} for n in range(200_000)}}))


@case
def servers_with_variables(folder):
    variables = {f"v{n}": {"default": "a", "enum": ["a"] * 10} for n in range(20_000)}
    url = "https://api.test/" + "".join(f"{{v{n}}}" for n in range(20_000))
    return written(folder, description(servers=[{"url": url, "variables": variables}] * 20))


@case
def servers_for_many_operations(folder):
    servers = [{"url": f"ftp://{n}.test"} for n in range(20_000)]
    return written(folder, description(servers=servers, paths={f"/x{n}": {"get": {}} for n in range(20_000)}))


@case
def ways_to_sign_in(folder):
    kinds = {f"s{n}": {"type": "apiKey", "in": "header", "name": f"X-{n}"} for n in range(5_000)}
    needs = [{f"s{n}": [], f"s{n + 1}": []} for n in range(4_999)]
    paths = {f"/x{n}": {"get": {}} for n in range(20_000)}
    return written(folder, description(paths=paths, security=needs, components={"securitySchemes": kinds}))


@case
def tags(folder):
    return written(folder, description({"tags": [f"t{n}" for n in range(500_000)]}, tags=[{"name": f"t{n}"} for n in range(200_000)]))


@case
def mistakes(folder):
    return written(folder, description(schema={"properties": {f"p{n}": {"type": "what", "minimum": "x"} for n in range(200_000)}}))


# Long texts


@case
def a_text_longer_than_any(folder):
    return written(folder, description({"description": "a" * 100_000_000}))


@case
def a_yaml_text_longer_than_any(folder):
    return written(folder, HEAD + PATHS + "x-a: '" + "a" * 100_000_000 + "'\n", "api.yaml")


@case
def a_text_nearly_too_long(folder):
    return written(folder, description({"description": "<b>a</b> *b* `c` " * 3_500_000}))


@case
def a_yaml_text_nearly_too_long(folder):
    return written(folder, HEAD + PATHS + "x-a: >\n" + "  a line of folded text\n" * 2_500_000, "api.yaml")


@case
def escapes_in_yaml(folder):
    return written(folder, HEAD + PATHS + 'x-a: "' + "\\u00e9" * 5_000_000 + '"\n', "api.yaml")


@case
def names_of_a_megabyte(folder):
    name = "n" * 1_000_000
    operation = {
        "operationId": name,
        "summary": name,
        "tags": [name],
        "parameters": [{"name": name + place, "in": place} for place in ["query", "header", "cookie", "path"]],
    }
    shared = {name: {"properties": {name: {"type": "string", "pattern": name, "enum": [name], "default": name, "const": name}}}}
    return written(folder, description(operation, schema=reference(name), components={"schemas": shared}))


@case
def a_path_of_a_megabyte(folder):
    return written(folder, description(paths={"/" + "{a}" * 300_000: {"get": {}}, "/x": {"get": {"operationId": "op"}}}))


@case
def braces_of_a_path(folder):
    return written(folder, description(paths={f"/{n}" + "{" * 4_000: {"get": {}} for n in range(2_000)}))


@case
def patterns(folder):
    hostile = ["^(a+)+$", "^(a|aa)+$", "(?:(?:(?:a*)*)*)*$", "(" * 5_000 + ")" * 5_000, "a{1,1000000000}", "[", "\\", "(?<=a+)b", "a" * 1_000_000]
    parameters = [{"name": f"q{n}", "in": "query", "schema": {"type": "string", "pattern": text}} for n, text in enumerate(hostile)]
    return written(folder, description({"parameters": parameters}))


@case
def numbers(folder):
    digits = "9" * 1_000_000
    schema = '{"type":"number","minimum":%s,"maximum":1e%s,"multipleOf":-0,"minLength":%s,"default":%s,"enum":[%s]}'
    text = json.dumps(description(schema={"properties": {"a": "here"}})).replace('"here"', schema % ((digits,) * 5))
    return written(folder, text)


@case
def numbers_in_yaml(folder):
    return written(folder, HEAD + PATHS + f"x-a: [0x{'F' * 1_000_000}, 0o{'7' * 1_000_000}, 1e{'9' * 1_000_000}, .{'0' * 1_000_000}]\n", "api.yaml")


@case
def many_lines(folder):
    return written(folder, HEAD + PATHS + "\n" * 40_000_000, "api.yaml")


@case
def many_comments(folder):
    return written(folder, HEAD + PATHS + "# a\n" * 10_000_000, "api.yaml")


@case
def many_small_values(folder):
    return written(folder, json.dumps(description())[:-1] + ',"x-a":[' + "1," * 7_900_000 + "1]}")


@case
def many_small_values_in_yaml(folder):
    return written(folder, HEAD + PATHS + "x-a: [" + "1, " * 4_000_000 + "1]\n", "api.yaml")


@case
def more_values_than_any(folder):
    return written(folder, json.dumps(description())[:-1] + ',"x-a":[' + "1," * 20_000_000 + "1]}")


# Several files


def far(file: str) -> dict:
    """A reference to another file."""
    return {"$ref": file}


@case
def files_one_after_another(folder):
    for n in range(3_000):
        written(folder, {"properties": {"a": far(f"f{n + 1}.json")}}, f"f{n}.json")
    return written(folder, description(schema=far("f0.json")))


@case
def many_small_files(folder):
    for n in range(3_000):
        written(folder, {"type": "string"}, f"f{n}.json")
    return written(folder, description(schema={"properties": {f"p{n}": far(f"f{n}.json") for n in range(3_000)}}))


@case
def files_that_refer_to_every_other(folder):
    for n in range(300):
        written(folder, {"properties": {f"p{m}": far(f"f{m}.json") for m in range(300)}}, f"f{n}.json")
    return written(folder, description(schema=far("f0.json")))


@case
def a_file_of_itself(folder):
    return written(folder, description(schema=far("api.json#/paths/~1x/post/requestBody/content/application~1json/schema")))


@case
def large_files(folder):
    for n in range(10):
        written(folder, {"description": "a" * 20_000_000}, f"f{n}.json")
    return written(folder, description(schema={"properties": {f"p{n}": far(f"f{n}.json") for n in range(10)}}))


@case
def files_that_are_no_files(folder):
    (folder / "folder.json").mkdir()
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "zero.json").symlink_to("/dev/zero")
    names = ["folder.json", "link.json", "zero.json", "/dev/zero", "..//../../../../dev/zero", "a" * 5_000, "x\0.json", "none.json"]
    return written(folder, description(schema={"properties": {f"p{n}": far(name) for n, name in enumerate(names)}}))


# Bytes


@case
def bytes_that_are_no_utf8(folder):
    return written(folder, json.dumps(description({"summary": "here"})).encode().replace(b"here", b"\xff\xc0\x80\xed\xa0\x80"))


@case
def yaml_bytes_that_are_no_utf8(folder):
    return written(folder, (HEAD + PATHS).encode() + b"x-a: \xff\xc0\x80\xed\xa0\x80\n", "api.yaml")


@case
def a_mark_before_json(folder):
    return written(folder, b"\xef\xbb\xbf" + json.dumps(description()).encode())


@case
def a_mark_before_yaml(folder):
    return written(folder, b"\xef\xbb\xbf" + (HEAD + PATHS).encode(), "api.yaml")


@case
def sixteen_bits(folder):
    return written(folder, json.dumps(description()).encode("utf-16"))


@case
def sixteen_bits_without_a_mark(folder):
    return written(folder, json.dumps(description()).encode("utf-16-le"))


@case
def thirty_two_bits(folder):
    return written(folder, (HEAD + PATHS).encode("utf-32"), "api.yaml")


@case
def zeros(folder):
    return written(folder, bytes(1_000_000))


@case
def zeros_in_yaml(folder):
    return written(folder, HEAD + PATHS + "x-a: a\0b\n", "api.yaml")


@case
def half_a_character(folder):
    return written(folder, description({"summary": "here"}) | {"info": {"title": "\ud800", "version": "\udc00"}})


@case
def nothing(folder):
    return written(folder, "")


@case
def spaces(folder):
    return written(folder, " " * 10_000_000)


@case
def a_tab_in_yaml(folder):
    return written(folder, HEAD + PATHS + "x-a:\n\t- a\n", "api.yaml")


@case
def documents_in_yaml(folder):
    return written(folder, HEAD + PATHS + "---\n" * 100_000, "api.yaml")


@case
def directives_in_yaml(folder):
    return written(folder, "".join(f"%TAG !{n}! tag:x{n}\n" for n in range(100_000)) + "---\n" + HEAD + PATHS, "api.yaml")


# WSDL


XSD = "http://www.w3.org/2001/XMLSchema"


def service(schema="", root="", content='<xs:element name="a" type="xs:string"/>', more="") -> str:
    """A WSDL of one operation; `schema` stands in its schema, `root` in its start tag, `content` in its request, `more` at its end."""
    wsdl, soap = "http://schemas.xmlsoap.org/wsdl/", "http://schemas.xmlsoap.org/wsdl/soap/"
    return f"""<definitions xmlns="{wsdl}" xmlns:s="{soap}" xmlns:xs="{XSD}" xmlns:t="urn:t" targetNamespace="urn:t" {root}>
<types><xs:schema targetNamespace="urn:t"><xs:element name="op"><xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType></xs:element>
{schema}</xs:schema></types>
<message name="I"><part name="p" element="t:op"/></message><portType name="P"><operation name="op"><input message="t:I"/></operation></portType>
<binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="op"><s:operation soapAction=""/>
<input><s:body use="literal"/></input></operation></binding>
<service name="S"><port name="P" binding="t:B"><s:address location="https://api.test/"/></port></service>{more}</definitions>"""


def typed(name: str, more="") -> str:
    """A local element of a type."""
    return f'<xs:element name="a" type="t:{name}" {more}/>'


def complex_type(name: str, content: str) -> str:
    """A named type with elements."""
    return f'<xs:complexType name="{name}"><xs:sequence>{content}</xs:sequence></xs:complexType>'


@case
def entities_that_multiply(folder):
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return written(folder, f'<!DOCTYPE d [<!ENTITY e0 "lol">{levels}]>' + service(more="<documentation>&e9;</documentation>"), "api.wsdl")


@case
def an_entity_that_is_a_file(folder):
    return written(folder, '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + service(more="<documentation>&e;</documentation>"), "api.wsdl")


@case
def an_entity_without_a_declaration(folder):
    return written(folder, service(more="<documentation>&e;</documentation>"), "api.wsdl")


@case
def elements_in_elements(folder):
    return written(folder, service(more="<a>" * 1_000_000), "api.wsdl")


@case
def attributes_of_one_element(folder):
    return written(folder, service(root=" ".join(f'a{n}="1"' for n in range(1_000_000))), "api.wsdl")


@case
def namespaces_of_one_element(folder):
    return written(folder, service(root=" ".join(f'xmlns:n{n}="urn:{n}"' for n in range(200_000))), "api.wsdl")


@case
def elements_beyond_number(folder):
    return written(folder, service(more="<a/>" * 5_000_000), "api.wsdl")


@case
def an_xml_text_longer_than_any(folder):
    return written(folder, service(more="<documentation>" + "a" * 100_000_000 + "</documentation>"), "api.wsdl")


@case
def an_xml_text_nearly_too_long(folder):
    return written(folder, service(more="<documentation>" + "a &lt;" * 5_000_000 + "</documentation>"), "api.wsdl")


@case
def references_to_characters(folder):
    return written(folder, service(more="<documentation>" + "&#x20AC;" * 3_000_000 + "</documentation>"), "api.wsdl")


@case
def xml_bytes_that_are_no_utf8(folder):
    return written(folder, service(more="<documentation>here</documentation>").encode().replace(b"here", b"\xff\xc0"), "api.wsdl")


@case
def xml_that_ends_early(folder):
    return written(folder, service()[:-20], "api.wsdl")


@case
def types_of_themselves(folder):
    return written(folder, service(complex_type("T", typed("T", 'maxOccurs="unbounded"') + typed("T")), content=typed("T")), "api.wsdl")


@case
def types_that_double(folder):
    types = "".join(complex_type(f"T{n}", typed(f"T{n + 1}") + typed(f"T{n + 1}").replace('"a"', '"b"')) for n in range(200))
    return written(folder, service(types + complex_type("T200", ""), content=typed("T0")), "api.wsdl")


@case
def groups_that_double(folder):
    groups = "".join(
        f'<xs:group name="G{n}"><xs:sequence>{f"""<xs:group ref="t:G{n + 1}"/>""" * 2}</xs:sequence></xs:group>' for n in range(60)
    )
    return written(folder, service(groups + '<xs:group name="G60"><xs:sequence/></xs:group>', content='<xs:group ref="t:G0"/>'), "api.wsdl")


@case
def groups_with_many_notes(folder):
    notes = "<xs:annotation/>" * 200_000
    group = f'<xs:group name="G">{notes}<xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:group>'
    return written(folder, service(group, content='<xs:group ref="t:G"/>' * 200_000), "api.wsdl")


@case
def attribute_groups_that_double(folder):
    groups = "".join(f'<xs:attributeGroup name="A{n}">{f"""<xs:attributeGroup ref="t:A{n + 1}"/>""" * 2}</xs:attributeGroup>' for n in range(60))
    last = '<xs:attributeGroup name="A60"><xs:attribute name="a"/></xs:attributeGroup>'
    return written(folder, service(groups + last + '<xs:complexType name="T"><xs:attributeGroup ref="t:A0"/></xs:complexType>', content=typed("T")), "api.wsdl")


@case
def a_chain_of_extensions(folder):
    types = "".join(
        f'<xs:complexType name="T{n}"><xs:complexContent><xs:extension base="t:T{n + 1}"><xs:sequence><xs:element name="e{n}" type="xs:int"/>'
        "</xs:sequence></xs:extension></xs:complexContent></xs:complexType>"
        for n in range(20_000)
    )
    return written(folder, service(types + complex_type("T20000", ""), content=typed("T0")), "api.wsdl")


@case
def many_types_of_one_base(folder):
    types = "".join(
        f'<xs:complexType name="T{n}"><xs:complexContent><xs:extension base="t:B"/></xs:complexContent></xs:complexType>' for n in range(30_000)
    )
    return written(folder, service(types + complex_type("B", ""), content=typed("B")), "api.wsdl")


@case
def many_substitutes(folder):
    heads = '<xs:element name="h" type="xs:string"/>'
    others = "".join(f'<xs:element name="h{n}" substitutionGroup="t:h"/>' for n in range(50_000))
    return written(folder, service(heads + others, content='<xs:element ref="t:h"/>'), "api.wsdl")


@case
def lists_of_lists(folder):
    types = "".join(f'<xs:simpleType name="L{n}"><xs:list itemType="t:L{n + 1}"/></xs:simpleType>' for n in range(50_000))
    return written(folder, service(types, content=typed("L0")), "api.wsdl")


@case
def unions_that_double(folder):
    types = "".join(f'<xs:simpleType name="U{n}"><xs:union memberTypes="t:U{n + 1} t:U{n + 1}"/></xs:simpleType>' for n in range(200))
    return written(folder, service(types + '<xs:simpleType name="U200"><xs:restriction base="xs:int"/></xs:simpleType>', content=typed("U0")), "api.wsdl")


@case
def patterns_of_schemas(folder):
    hostile = ["(a+)+", "(a|aa)+", "(" * 5_000 + ")" * 5_000, "[a-[b-[c-[d]]]]" * 1_000, "a{1,1000000000}", "[", "\\p{L}" * 10_000, "[" * 100_000]
    types = "".join(
        f'<xs:simpleType name="S{n}"><xs:restriction base="xs:string"><xs:pattern value="{text}"/></xs:restriction></xs:simpleType>'
        for n, text in enumerate(hostile)
    )
    return written(folder, service(types, content="".join(typed(f"S{n}").replace('"a"', f'"a{n}"') for n in range(len(hostile)))), "api.wsdl")


@case
def a_hundred_thousand_elements(folder):
    return written(folder, service(content="".join(f'<xs:element name="e{n}" type="xs:int"/>' for n in range(100_000))), "api.wsdl")


@case
def occurrences_beyond_number(folder):
    element = '<xs:element name="a" type="xs:int" minOccurs="99999999999999999999" maxOccurs="9223372036854775807"/>'
    return written(folder, service(content=element), "api.wsdl")


@case
def redefinitions_of_one_type(folder):
    one = '<xs:complexType name="T"><xs:complexContent><xs:extension base="t:T"/></xs:complexContent></xs:complexType>'
    written(folder, f'<xs:schema xmlns:xs="{XSD}" targetNamespace="urn:t"><xs:complexType name="T"/></xs:schema>', "t.xsd")
    return written(folder, service(f'<xs:redefine schemaLocation="t.xsd">{one * 20_000}</xs:redefine>', content=typed("T")), "api.wsdl")


@case
def schemas_that_import_each_other(folder):
    for n in range(300):
        imports = "".join(f'<xs:include schemaLocation="s{m}.xsd"/>' for m in range(300))
        written(folder, f'<xs:schema xmlns:xs="{XSD}" targetNamespace="urn:t">{imports}</xs:schema>', f"s{n}.xsd")
    return written(folder, service('<xs:include schemaLocation="s0.xsd"/>'), "api.wsdl")


@case
def schemas_that_are_no_files(folder):
    (folder / "zero.xsd").symlink_to("/dev/zero")
    names = ["/etc/passwd", "file:///etc/passwd", "http://169.254.169.254/x.xsd", "../../../../../etc/passwd", "zero.xsd", "api.wsdl", "a" * 100_000]
    return written(folder, service("".join(f'<xs:include schemaLocation="{name}"/>' for name in names)), "api.wsdl")


@case
def many_operations_of_one_message(folder):
    document = service(content="".join(f'<xs:element name="e{n}" type="xs:int"/>' for n in range(2_000)))
    ports = "".join(f'<operation name="o{n}"><input message="t:I"/></operation>' for n in range(3_000))
    bound = "".join(f'<operation name="o{n}"><s:operation soapAction="{n}"/><input><s:body use="literal"/></input></operation>' for n in range(3_000))
    document = document.replace('<operation name="op"><input message="t:I"/></operation>', ports)
    start, end = document.index('<operation name="op"><s:'), document.index("</binding>")
    return written(folder, document[:start] + bound + document[end:], "api.wsdl")


@case
def many_messages(folder):
    return written(folder, service(more="".join(f'<message name="M{n}"><part name="p" type="xs:int"/></message>' for n in range(150_000))), "api.wsdl")


@case
def many_services(folder):
    more = "".join(f'<service name="S{n}"><port name="P" binding="t:B"/></service>' for n in range(100_000))
    return written(folder, service(more=more), "api.wsdl")
