"""What zeep would send: reads `{"wsdl","binding","operation","arguments"}` lines, writes `{"envelope"}` or `{"refused"}` for each.

Run in `.venv-soap`. Arguments are in the form that hubd takes them in: attributes as `@name`, simple content as `#text`, the type of a
derived value as `@type`, headers under `headers`. Nothing is fetched over the network.
"""

import base64
import json
import sys
from decimal import Decimal
from functools import cache
from urllib.parse import urlsplit

import zeep
from lxml import etree
from zeep import xsd
from zeep.transports import Transport


class Offline(Transport):
    """Opens files alone."""

    def load(self, url):
        if urlsplit(url).scheme in {"http", "https"}:
            raise OSError(f"offline: {url}")
        return super().load(url)


@cache
def client(wsdl: str) -> zeep.Client:
    """The description, read once."""
    return zeep.Client(wsdl, transport=Offline(), settings=zeep.Settings(strict=True))


def bindings(wsdl: str) -> dict:
    """Each operation with the binding of the port that comes first."""
    found = {}
    for service in client(wsdl).wsdl.services.values():
        for port in service.ports.values():
            if not hasattr(port.binding, "create_message"):
                continue
            for name in port.binding._operations:
                found.setdefault(name, port.binding)
    return found


def value(json_value, kind):
    """A value in zeep's words."""
    if json_value is None:
        return xsd.Nil
    if isinstance(kind, xsd.ComplexType):
        return members(json_value, kind)
    if isinstance(kind, xsd.AnyType):
        return json_value
    return simple(json_value, kind)


def simple(json_value, kind):
    """A simple value: bytes from Base64, decimals with their digits, all else as it is or as its text."""
    if isinstance(json_value, list):
        return [simple(item, kind.item_type if hasattr(kind, "item_type") else kind) for item in json_value]
    name = type(kind).__mro__
    if any(base.__name__ == "Base64Binary" for base in name) and isinstance(json_value, str):
        return base64.b64decode(json_value)
    if any(base.__name__ == "Boolean" for base in name):
        return json_value
    if any(base.__name__ in {"Decimal", "Integer", "Double", "Float"} for base in name):
        return Decimal(str(json_value)) if any(base.__name__ == "Decimal" for base in name) else json_value
    return json_value


def members(json_value, kind):
    """The members of a complex value by zeep's names."""
    if not isinstance(json_value, dict):
        json_value = {"#text": json_value}
    if named := json_value.get("@type"):
        raise NotImplementedError(f"derived type {named}")
    given = {}
    elements = {name: element for name, element in kind.elements}
    attributes = {attribute.name: (name, attribute) for name, attribute in kind.attributes}
    for key, item in json_value.items():
        if key == "#text":
            given["_value_1"] = simple(item, kind.elements[0][1].type if kind.elements else kind)
        elif key.startswith("@"):
            name, attribute = attributes[key[1:]]
            given[name] = simple(item, attribute.type)
        else:
            element = elements.get(key)
            if element is None:
                raise NotImplementedError(f"{key} is not an element of {kind.name}")
            several = isinstance(item, list) and element.accepts_multiple
            given[key] = [value(one, element.type) for one in item] if several else value(item, element.type)
    return given


def envelope(wsdl: str, operation: str, arguments: dict) -> str:
    """The canonical form of what zeep would send."""
    binding = bindings(wsdl)[operation]
    described = binding.get(operation).input
    body = described.body
    headers = arguments.pop("headers", None)
    options = {}
    if headers is not None and described.header is not None:
        parts = {element.name: (part, element) for part, element in described.header.type.elements}
        options["_soapheaders"] = {parts[name][0]: value(item, parts[name][1].type) for name, item in headers.items()}
    if body is None:
        given = {}
    elif isinstance(body.type, xsd.ComplexType):
        given = members(arguments, body.type)
    else:
        given = {key: value(item, body.type) for key, item in arguments.items()}
    service = client(wsdl).create_service(str(binding.name), "http://127.0.0.1:1/")
    return canonical(etree.tostring(client(wsdl).create_message(service, operation, **given, **options)))


def canonical(text: bytes) -> str:
    """Canonical XML 2.0 with prefixes rewritten."""
    kind = "{http://www.w3.org/2001/XMLSchema-instance}type"
    return etree.canonicalize(text.decode(), rewrite_prefixes=True, qname_aware_attrs=[kind])


def main() -> None:
    for line in sys.stdin:
        case = json.loads(line)
        try:
            answer = {"envelope": envelope(case["wsdl"], case["operation"], case["arguments"])}
        except Exception as error:  # whatever zeep cannot do is no case
            answer = {"refused": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
