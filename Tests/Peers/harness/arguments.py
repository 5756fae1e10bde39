"""Arguments for a tool, made from its input schema alone: the same on every run, and as awkward as the schema allows."""

import base64
import re
from zlib import crc32

# None of these holds a separator of the styles: readers split what they have decoded, so `a,b` in a list cannot come back.
WORDS = ["a b/é?&+%:@", "naïve #1 [x]", "日本 \"q\" <&>", "50% + tax/…", "x'y(z)*!$"]
PLAIN = ["x", "1", "ab", "A1", "abc-1", "2024-01-02", "a@example.com", "https://example.com/a", "aB3_x", "0a1b2c3d", "+1234567890", "USD"]
FORMATS = {
    "date": "2024-02-29",
    "date-time": "2024-02-29T12:00:00+02:00",
    "time": "12:00:00Z",
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "email": "a+b@example.com",
    "uri": "https://example.com/a?b=c&d=%20#e",
    "url": "https://example.com/a?b=c&d=%20#e",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "w6kgPw==",
    "int64": "9007199254740993",
}
DEPTH = 3
LIMIT = 12


def arguments(schema: dict, full: bool) -> dict:
    """Arguments for `schema`: all there are, or only those that are required."""
    maker = Maker(schema, full)
    wanted = schema.get("properties", {}) if full else schema.get("required", [])
    return {name: maker.value(schema["properties"].get(name, {}), name, 0) for name in wanted}


class Maker:
    def __init__(self, whole: dict, full: bool):
        self.whole = whole
        self.full = full

    def value(self, schema, name: str, depth: int, inner=False):
        """A value that fits; `inner` where it stands in a list or an object."""
        schema = self.flat(schema)
        if "const" in schema:
            return schema["const"]
        if choices := [choice for choice in schema.get("enum", []) if choice is not None]:
            return choices[crc32(name.encode()) % len(choices)]
        match self.kind(schema):
            case "object":
                return self.object(schema, name, depth)
            case "array":
                return self.array(schema, name, depth, inner)
            case "integer" | "number" as kind:
                return self.number(schema, kind)
            case "boolean":
                return crc32(name.encode()) % 2 == 0
            case "null":
                return None
            case _:
                return self.text(schema, name, inner)

    def flat(self, schema, rounds=0) -> dict:
        """The schema with its reference, its parts and the first of its alternatives drawn into it."""
        if not isinstance(schema, dict) or rounds > LIMIT:
            return {}
        if isinstance(schema.get("$ref"), str):
            here = self.whole
            for part in schema["$ref"].removeprefix("#/").split("/"):
                here = here[part.replace("~1", "/").replace("~0", "~")]
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return self.joined(self.flat(here, rounds + 1), rest)
        for key in ["anyOf", "oneOf"]:
            if branches := [branch for branch in schema.get(key, []) if branch != {"type": "null"}]:
                rest = {other: value for other, value in schema.items() if other != key}
                return self.flat(self.joined(self.flat(branches[0], rounds + 1), rest), rounds + 1)
        if parts := schema.get("allOf"):
            result = {key: value for key, value in schema.items() if key != "allOf"}
            for part in parts:
                result = self.joined(result, self.flat(part, rounds + 1))
            return result
        return schema

    @staticmethod
    def joined(a: dict, b: dict) -> dict:
        return a | b | {
            key: (a[key] | b[key] if key == "properties" else [*a[key], *(name for name in b[key] if name not in a[key])])
            for key in ["properties", "required"]
            if key in a and key in b
        }

    @staticmethod
    def kind(schema) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        return kind or ("object" if "properties" in schema else "array" if "items" in schema else "string")

    def object(self, schema, name, depth):
        properties = schema.get("properties", {})
        required = [key for key in schema.get("required", []) if depth < LIMIT]
        wanted = [key for key in properties if key in required or self.full and depth < DEPTH]
        result = {key: self.value(properties[key], key, depth + 1, inner=True) for key in wanted}
        result |= {key: "x" for key in required if key not in result}
        extra = schema.get("additionalProperties", {} if not properties else False)
        if extra is not False and not result and depth < DEPTH:
            result["key"] = self.value(extra, name + "key", depth + 1, inner=True)
        return result

    def array(self, schema, name, depth, inner):
        most, least = schema.get("maxItems", 2), schema.get("minItems", 0)
        least = max(least, min(most, 0 if inner else 1))  # an empty list as a parameter is nothing at all
        count = max(least, min(most, 2)) if self.full and depth <= DEPTH else least
        return [self.value(schema.get("items", {}), f"{name}{index}", depth + 1, inner=True) for index in range(min(count, 20))]

    @staticmethod
    def number(schema, kind):
        low, high = schema.get("minimum"), schema.get("maximum")
        step = schema.get("multipleOf", 1)
        value = 3 if low is None or low <= 3 else low + step
        if high is not None and value > high:
            value = high
        if kind == "number" and low is None and high is None and "multipleOf" not in schema:
            value = 2.5
        return int(value) if kind == "integer" else value

    @staticmethod
    def text(schema, name, inner):
        if schema.get("contentEncoding") == "base64":
            return base64.b64encode(f"{name}\r\n\0é--".encode()).decode()
        if schema.get("format") in FORMATS and "pattern" not in schema:
            return FORMATS[schema["format"]]
        word = WORDS[crc32(name.encode()) % len(WORDS)]
        candidates = [word if inner else word + ",=;", *PLAIN]
        low, high = schema.get("minLength", 0), schema.get("maxLength", 1 << 20)
        if "pattern" in schema:
            try:
                pattern = re.compile(schema["pattern"])
            except re.error:
                return "x"
            candidates = [text for text in candidates if pattern.search(text) and low <= len(text) <= high] or ["x"]
        return candidates[0].ljust(min(low, 4096), "x")[:high].strip() or "x"
