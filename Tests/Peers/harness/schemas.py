"""The official JSON Schemas of MCP, held against everything the hub sent."""

import json
from functools import cache
from pathlib import Path

import jsonschema

from harness.recorder import Exchange

RESULTS = {
    "initialize": "InitializeResult",
    "ping": "EmptyResult",
    "server/discover": "DiscoverResult",
    "subscriptions/listen": "SubscriptionsListenResult",
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "prompts/list": "ListPromptsResult",
    "prompts/get": "GetPromptResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult",
    "resources/subscribe": "EmptyResult",
    "resources/unsubscribe": "EmptyResult",
    "completion/complete": "CompleteResult",
    "logging/setLevel": "EmptyResult",
}
ASKING = {"tools/call", "prompts/get", "resources/read"}


class Schemas:
    """The schemas of all protocol versions in one folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.validated = 0

    @cache
    def definitions(self, version: str) -> dict:
        """The definitions of one version, by name."""
        schema = json.loads((self.folder / f"{version}.json").read_text())
        return schema.get("$defs") or schema["definitions"]

    @cache
    def validator(self, version: str, definition: str):
        """A validator for one definition."""
        schema = json.loads((self.folder / f"{version}.json").read_text())
        home = "$defs" if "$defs" in schema else "definitions"
        assert definition in schema[home], f"{version} has no {definition}"
        kind = jsonschema.validators.validator_for(schema)
        return kind({"$schema": schema["$schema"], home: schema[home], "allOf": [{"$ref": f"#/{home}/{definition}"}]})

    def check(self, version: str, definition: str, value) -> None:
        """Fails unless the value is what the version's schema calls by this name."""
        error = jsonschema.exceptions.best_match(self.validator(version, definition).iter_errors(value))
        assert error is None, f"not a {definition} of {version}: {error.message} at {error.json_path} in {str(value)[:600]}"

    def check_message(self, version: str, message: dict, asked: dict) -> None:
        """Checks one message from the hub; `asked` says by id which method it may answer."""
        names = self.definitions(version)
        self.validated += 1
        if "method" in message and "id" in message:
            self.check(version, "JSONRPCRequest", message)
            self.check(version, self.named(version, "Request", message["method"]), message)
        elif "method" in message:
            self.check(version, "JSONRPCNotification", message)
            self.check(version, self.named(version, "Notification", message["method"]), message)
        elif "error" in message:
            self.check(version, "JSONRPCErrorResponse" if "JSONRPCErrorResponse" in names else "JSONRPCError", message)
        else:
            self.check(version, "JSONRPCResultResponse" if "JSONRPCResultResponse" in names else "JSONRPCResponse", message)
            method, result = asked[message["id"]], message["result"]
            asks = method in ASKING and "InputRequiredResult" in names and result.get("resultType") == "input_required"
            self.check(version, "InputRequiredResult" if asks else RESULTS[method], result)

    def named(self, version: str, kind: str, method: str) -> str:
        """The definition of a request or a notification."""
        for name, definition in self.definitions(version).items():
            if name.endswith(kind) and definition.get("properties", {}).get("method", {}).get("const") == method:
                return name
        raise AssertionError(f"{version} knows no {kind.lower()} {method}")

    def check_exchanges(self, exchanges: list[Exchange], version: str) -> None:
        """Checks all that one client was answered over HTTP; `version` is the handshake's, a modern request names its own."""
        asked = {number: method for exchange in exchanges for number, method in requests(exchange.sent).items()}
        for exchange in exchanges:
            own = requests(exchange.sent)
            for message in exchange.received:
                self.check_message(modern_version(exchange.sent) or version, message, own or asked)

    def check_lines(self, log: Path, version: str) -> None:
        """Checks all that one client was answered over standard output, as tee.py kept it."""
        asked = {}
        for line in log.read_bytes().splitlines():
            mark, text = line[:2], line[2:]
            if mark == b"> " and (own := requests([message := json.loads(text)])):
                asked |= own
                version = modern_version([message]) or version
            elif mark == b"< ":
                self.check_message(version, json.loads(text), asked)


def requests(messages: list[dict]) -> dict:
    """The methods of the requests among messages, by id; a client's answers have ids too."""
    return {message["id"]: message["method"] for message in messages if "id" in message and "method" in message}


def modern_version(messages: list[dict]) -> str | None:
    """The protocol version a modern request carries with it."""
    for message in messages:
        meta = message.get("params", {}).get("_meta", {})
        if version := meta.get("io.modelcontextprotocol/protocolVersion"):
            return version
    return None
