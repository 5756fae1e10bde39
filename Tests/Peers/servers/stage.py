"""What the fixture servers offer: tools, prompts and resources as they stand on the wire, whichever SDK serves them.

The names are those that the conformance suite of MCP asks for, and a few more for tests of our own. A handler gets a `Scene`, which
the program of each SDK fills in. What a handler asks of the client is a request of the server in the handshake eras, and a result
that asks in the modern one: there the handler begins anew with each retry, and gets the answers that came along.
"""

import asyncio
import base64
import json
import os
import struct
import zlib
from pathlib import Path

LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
MISSING_CAPABILITY = -32021
INVALID_PARAMS = -32602
NOT_FOUND_BEFORE_2026 = -32002


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


PNG = _base64(
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00"))
    + _chunk(b"IEND", b"")
)
WAV = _base64(
    b"RIFF"
    + struct.pack("<I", 38)
    + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    + b"data\x02\x00\x00\x00\x80\x80"
)


class Refusal(Exception):
    """A JSON-RPC error as the answer of a request."""

    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Asking(Exception):
    """The modern era's result that asks: raised by `Scene.ask` where an answer is still to come."""

    def __init__(self, requests, state):
        super().__init__("input required")
        self.requests = requests
        self.state = state

    def result(self) -> dict:
        """The result on the wire."""
        state = {} if self.state is None else {"requestState": self.state}
        return {"resultType": "input_required", "inputRequests": self.requests, **state}


class Scene:
    """One request to the server. Programs set the members and override what touches the wire."""

    is_modern = False
    capabilities: dict = {}
    responses: dict = {}
    state: str | None = None

    async def log(self, level: str, data) -> None:
        """Writes to the log that the client sees."""

    async def progress(self, done, total, message) -> None:
        """Tells of progress where it was asked for."""

    async def request(self, method: str, params: dict) -> dict:
        """Asks the client by a request of the server."""
        raise NotImplementedError

    async def changed(self, kind: str) -> None:
        """Tells every client that the list of tools, prompts or resources has changed."""

    async def updated(self, uri: str) -> None:
        """Tells every subscribed client of a resource."""

    async def close_stream(self) -> None:
        """Closes the stream that the answer is to come on, which the client may take up again."""

    async def ask(self, requests: dict[str, dict], keeps_state=False) -> dict[str, dict]:
        """Asks the client for all of these at once and gives the answers under the same keys."""
        for request in requests.values():
            needed = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}[
                request["method"]
            ]
            if needed not in self.capabilities:
                raise Refusal(MISSING_CAPABILITY, f"The client cannot do {needed}", {"requiredCapabilities": {needed: {}}})
        if not self.is_modern:
            asked = [self.request(request["method"], request.get("params", {})) for request in requests.values()]
            return dict(zip(requests, await asyncio.gather(*asked)))
        known = {**(json.loads(self.state)["answers"] if self.state else {}), **self.responses}
        if all(isinstance(known.get(key), dict) for key in requests):
            return {key: known[key] for key in requests}
        missing = {key: request for key, request in requests.items() if not isinstance(known.get(key), dict)}
        answered = {key: value for key, value in known.items() if key not in missing}
        raise Asking(missing, json.dumps({"answers": answered, "missing": list(missing)}) if keeps_state else None)


def form(message: str, required=(), **properties) -> dict:
    """A request for a form."""
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def sample(text: str, tokens=100) -> dict:
    """A request for a model's answer."""
    messages = [{"role": "user", "content": {"type": "text", "text": text}}]
    return {"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": tokens}}


ROOTS = {"method": "roots/list", "params": {}}
NAME = {"name": {"type": "string"}}


def text(*lines: str, **more) -> dict:
    """A tool result of text."""
    return {"content": [{"type": "text", "text": line} for line in lines], **more}


TOOLS: dict[str, tuple[dict, object]] = {}


def tool(description: str, required=(), output=None, **properties):
    """Offers a function as the tool of its name."""

    def offer(function):
        schema = {"type": "object", "properties": properties}
        if required:
            schema["required"] = list(required)
        definition = {"name": function.__name__, "description": description, "inputSchema": schema}
        if output:
            definition["outputSchema"] = output
        TOOLS[function.__name__] = definition, function
        return function

    return offer


STRING = {"type": "string"}
NUMBER = {"type": "number"}


@tool("Gives a line of text")
async def test_simple_text(scene, stage):
    return text("This is a simple text response for testing.")


@tool("Gives a picture")
async def test_image_content(scene, stage):
    return {"content": [{"type": "image", "data": PNG, "mimeType": "image/png"}]}


@tool("Gives a sound")
async def test_audio_content(scene, stage):
    return {"content": [{"type": "audio", "data": WAV, "mimeType": "audio/wav"}]}


def embedded(uri: str, kind: str, content: str) -> dict:
    """A block with a resource in it."""
    return {"type": "resource", "resource": {"uri": uri, "mimeType": kind, "text": content}}


@tool("Gives a resource")
async def test_embedded_resource(scene, stage):
    return {"content": [embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")]}


@tool("Gives text, a picture and a resource")
async def test_multiple_content_types(scene, stage):
    picture = {"type": "image", "data": PNG, "mimeType": "image/png"}
    document = embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}')
    return {"content": [{"type": "text", "text": "Multiple content types test:"}, picture, document]}


@tool("Links to a resource of this server")
async def test_resource_link(scene, stage):
    link = {"type": "resource_link", "uri": stage.out("test://static-text"), "name": "static-text", "mimeType": "text/plain"}
    return {"content": [link]}


@tool("Writes three lines to the log")
async def test_tool_with_logging(scene, stage):
    for line in ["Tool execution started", "Tool processing data", "Tool execution completed"]:
        await scene.log("info", line)
        await asyncio.sleep(0.02)
    return text("Logged three lines")


@tool("Writes a line to the log")
async def test_logging_tool(scene, stage):
    await scene.log("info", "A line that only those see who asked for it")
    return text("Logged a line")


@tool("Tells of its progress three times")
async def test_tool_with_progress(scene, stage):
    for done in [0, 50, 100]:
        await scene.progress(done, 100, f"{done} of 100")
        await asyncio.sleep(0.02)
    return text("Done in three steps")


@tool("Fails")
async def test_error_handling(scene, stage):
    return text("This tool intentionally returns an error for testing", isError=True)


@tool("Asks the client's model", required=["prompt"], prompt=STRING)
async def test_sampling(scene, stage, prompt):
    answer = (await scene.ask({"sample": sample(prompt)}))["sample"]
    return text(f"LLM response: {answer['content']['text']}")


def said(answer: dict) -> str:
    return f"action={answer['action']}, content={json.dumps(answer.get('content') or {}, sort_keys=True)}"


@tool("Asks the user for a form", required=["message"], message=STRING)
async def test_elicitation(scene, stage, message):
    fields = {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    }
    answer = (await scene.ask({"user": form(message, ["username", "email"], **fields)}))["user"]
    return text(f"User response: {said(answer)}")


@tool("Asks the user for a form that is filled in already")
async def test_elicitation_sep1034_defaults(scene, stage):
    request = form(
        "Please look these over",
        name={"type": "string", "default": "John Doe"},
        age={"type": "integer", "default": 30},
        score={"type": "number", "default": 95.5},
        status={"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        verified={"type": "boolean", "default": True},
    )
    return text(f"Elicitation completed: {said((await scene.ask({'user': request}))['user'])}")


def titled(*pairs) -> list[dict]:
    return [{"const": value, "title": title} for value, title in pairs]


@tool("Asks the user to choose, in every way there is")
async def test_elicitation_sep1330_enums(scene, stage):
    values = titled(("value1", "First"), ("value2", "Second"), ("value3", "Third"))
    request = form(
        "Please choose",
        untitledSingle={"type": "string", "enum": ["option1", "option2", "option3"]},
        titledSingle={"type": "string", "oneOf": values},
        legacyEnum={
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        untitledMulti={"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
        titledMulti={"type": "array", "items": {"anyOf": values}},
    )
    return text(f"Elicitation completed: {said((await scene.ask({'user': request}))['user'])}")


@tool("Asks the user to open a page")
async def test_elicitation_url(scene, stage):
    params = {"mode": "url", "message": "Please open this page", "url": "https://example.test/consent"}
    if not scene.is_modern:
        params["elicitationId"] = "consent-1"
    answer = (await scene.ask({"page": {"method": "elicitation/create", "params": params}}))["page"]
    return text(f"Page: action={answer['action']}")


@tool("Lists the client's roots")
async def test_list_roots(scene, stage):
    answer = (await scene.ask({"roots": ROOTS}))["roots"]
    return text(*[root["uri"] for root in answer["roots"]] or ["no roots"])


@tool("Works, and asks the user meanwhile")
async def test_streaming_elicitation(scene, stage):
    await scene.progress(1, 2, "Before the question")
    answer = (await scene.ask({"user": form("Go on?", ok={"type": "boolean"})}))["user"]
    await scene.progress(2, 2, "After the question")
    return text(said(answer))


@tool("Lets the stream of its answer end before the answer")
async def test_reconnection(scene, stage):
    await scene.log("info", "Before the stream ends")
    await scene.close_stream()
    await asyncio.sleep(0.1)
    await scene.log("info", "After the stream ended")
    return text("Reconnection test completed")


@tool("Needs a client that can sample")
async def test_missing_capability(scene, stage):
    if "sampling" not in scene.capabilities:
        raise Refusal(MISSING_CAPABILITY, "The client cannot do sampling", {"requiredCapabilities": {"sampling": {}}})
    return text("The client can do sampling")


@tool("Asks for a name")
async def test_input_required_result_elicitation(scene, stage):
    answer = (await scene.ask({"user_name": form("What is your name?", ["name"], **NAME)}))["user_name"]
    return text(f"Hello, {(answer.get('content') or {}).get('name', 'stranger')}!")


@tool("Asks the client's model for a capital")
async def test_input_required_result_sampling(scene, stage):
    answer = (await scene.ask({"capital_question": sample("What is the capital of France?")}))["capital_question"]
    return text(f"Model said: {answer['content']['text']}")


@tool("Asks for roots")
async def test_input_required_result_list_roots(scene, stage):
    answer = (await scene.ask({"client_roots": ROOTS}))["client_roots"]
    return text(f"{len(answer['roots'])} roots")


CONFIRM = form("Please confirm", ["ok"], ok={"type": "boolean"})


@tool("Asks for a confirmation and keeps its state with the client")
async def test_input_required_result_request_state(scene, stage):
    await scene.ask({"confirm": CONFIRM}, keeps_state=True)
    return text("state-ok")


@tool("Asks for three things at once")
async def test_input_required_result_multiple_inputs(scene, stage):
    requests = {
        "user_name": form("What is your name?", ["name"], **NAME),
        "greeting": sample("Generate a greeting", 50),
        "client_roots": ROOTS,
    }
    answers = await scene.ask(requests, keeps_state=True)
    return text(f"All of {', '.join(sorted(answers))}")


@tool("Asks twice, one after the other")
async def test_input_required_result_multi_round(scene, stage):
    first = (await scene.ask({"step1": form("Step 1: What is your name?", ["name"], **NAME)}, keeps_state=True))["step1"]
    color = {"color": {"type": "string"}}
    second = (await scene.ask({"step2": form("Step 2: What is your favorite color?", ["color"], **color)}, keeps_state=True))[
        "step2"
    ]
    return text(f"{first['content']['name']} likes {second['content']['color']}")


@tool("Asks for a confirmation and looks at what comes back of its state")
async def test_input_required_result_tampered_state(scene, stage):
    await scene.ask({"confirm": CONFIRM}, keeps_state=True)
    return text("state-ok")


@tool("Asks for what the client can do")
async def test_input_required_result_capabilities(scene, stage):
    requests = {}
    if "sampling" in scene.capabilities:
        requests["sample"] = sample("Say hello", 50)
    if "elicitation" in scene.capabilities:
        requests["ask"] = form("What is your name?", ["name"], **NAME)
    if not requests:
        return text("Nothing can be asked")
    return text(f"Asked for {', '.join(sorted(await scene.ask(requests, keeps_state=True)))}")


@tool("Adds a tool, or takes it away again")
async def test_trigger_tool_change(scene, stage):
    stage.kept.write(tools=not stage.kept.read()["tools"])
    await scene.changed("tools")
    return text("The list of tools has changed")


@tool("Adds a prompt, or takes it away again")
async def test_trigger_prompt_change(scene, stage):
    stage.kept.write(prompts=not stage.kept.read()["prompts"])
    await scene.changed("prompts")
    return text("The list of prompts has changed")


@tool("Adds a resource, or takes it away again")
async def test_trigger_resource_change(scene, stage):
    stage.kept.write(resources=not stage.kept.read()["resources"])
    await scene.changed("resources")
    return text("The list of resources has changed")


@tool("Changes the watched resource")
async def test_update_watched_resource(scene, stage):
    stage.kept.write(edition=stage.kept.read()["edition"] + 1)
    await scene.updated(stage.out("test://watched-resource"))
    return text(f"Edition {stage.kept.read()['edition']}")


@tool(
    "Gives back what it is given",
    output={"type": "object", "properties": {"text": STRING}, "required": ["text"]},
    required=["text"],
    text=STRING,
)
async def echo(scene, stage, text):
    return {"content": [{"type": "text", "text": text}], "structuredContent": {"text": text}}


@tool("Adds two numbers", required=["a", "b"], a=NUMBER, b=NUMBER)
async def add(scene, stage, a, b):
    return text(str(a + b))


@tool("Takes its time", required=["seconds"], seconds=NUMBER)
async def slow(scene, stage, seconds):
    stage.kept.add("running", 1)
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        stage.kept.add("cancelled", 1)
        raise
    finally:
        stage.kept.add("running", -1)
    return text(f"Took {seconds} s")


@tool("Tells what runs in this process and what was given up")
async def tally(scene, stage):
    return text(json.dumps({"pid": os.getpid(), **stage.kept.read(), "subscribed": sorted(stage.subscribed)}))


@tool("Gives structured content that is no object", output={"type": "array", "items": {"type": "integer"}})
async def test_structured_list(scene, stage):
    return text("[1, 2, 3]", structuredContent=[1, 2, 3]) if scene.is_modern else text("[1, 2, 3]")


PROMPTS = [
    {"name": "test_simple_prompt", "description": "A prompt without arguments"},
    {
        "name": "test_prompt_with_arguments",
        "description": "A prompt with two arguments",
        "arguments": [{"name": name, "description": f"The argument {name}", "required": True} for name in ["arg1", "arg2"]],
    },
    {
        "name": "test_prompt_with_embedded_resource",
        "description": "A prompt with a resource in it",
        "arguments": [{"name": "resourceUri", "description": "The resource's address", "required": True}],
    },
    {"name": "test_prompt_with_image", "description": "A prompt with a picture in it"},
    {"name": "test_input_required_result_prompt", "description": "A prompt that asks the user first"},
]

RESOURCES = [
    {"uri": "test://static-text", "name": "static-text", "description": "A text that stays as it is", "mimeType": "text/plain"},
    {"uri": "test://static-binary", "name": "static-binary", "description": "A picture", "mimeType": "image/png"},
    {
        "uri": "test://watched-resource",
        "name": "watched-resource",
        "description": "A text with editions",
        "mimeType": "text/plain",
    },
]

TEMPLATES = [
    {
        "uriTemplate": "test://template/{id}/data",
        "name": "template",
        "description": "Data by number",
        "mimeType": "application/json",
    }
]


class State:
    """What the tools of a server change. Processes that are given the same file share it, and tell each its own client of changes."""

    FIRST = {"tools": False, "prompts": False, "resources": False, "edition": 1, "running": 0, "cancelled": 0}
    TOLD = ["tools", "prompts", "resources", "edition"]

    def __init__(self, file: str | None):
        self.file = Path(file) if file else None
        self.values = dict(self.FIRST)

    def read(self) -> dict:
        """What holds at present."""
        if self.file and self.file.exists():
            self.values = json.loads(self.file.read_text())
        return self.values

    def write(self, **changes) -> None:
        """Changes something."""
        self.values = {**self.read(), **changes}
        if self.file:
            fresh = self.file.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps(self.values))
            fresh.replace(self.file)

    def add(self, name: str, number: int) -> None:
        """Counts something."""
        self.write(**{name: self.read()[name] + number})

    async def watch(self, changed) -> None:
        """Tells of changes that another process made, by `changed(name)`; ends with the program."""
        while self.file:
            known = dict(self.values)
            await asyncio.sleep(0.1)
            for name, value in self.read().items():
                if name in self.TOLD and known[name] != value:
                    await changed(name)


WORDS = ["paris", "park", "party", "test", "testing"]


class Stage:
    """What one process of a fixture server has and remembers."""

    def __init__(self, page=0, scheme="test", state=None):
        self.page = page
        self.scheme = scheme
        self.kept = State(state)
        self.subscribed: set[str] = set()

    def cut(self, member: str, everything: list[dict], cursor: str | None) -> dict:
        """One page of a list."""
        if not self.page:
            return {member: everything}
        start = int(cursor or 0)
        more = {"nextCursor": str(start + self.page)} if start + self.page < len(everything) else {}
        return {member: everything[start : start + self.page], **more}

    def tools(self, is_modern: bool, cursor=None) -> dict:
        """The result of `tools/list`."""
        listed = []
        for definition, _ in TOOLS.values():
            if not is_modern and definition.get("outputSchema", {"type": "object"})["type"] != "object":
                definition = {name: value for name, value in definition.items() if name != "outputSchema"}
            listed.append(definition)
        if self.kept.read()["tools"]:
            listed.append({"name": "test_dynamic_tool", "description": "Comes and goes", "inputSchema": {"type": "object"}})
        return self.cut("tools", listed, cursor)

    def prompts(self, cursor=None) -> dict:
        """The result of `prompts/list`."""
        dynamic = [{"name": "test_dynamic_prompt", "description": "Comes and goes"}] if self.kept.read()["prompts"] else []
        return self.cut("prompts", PROMPTS + dynamic, cursor)

    def resources(self, cursor=None) -> dict:
        """The result of `resources/list`."""
        dynamic = [{"uri": "test://dynamic", "name": "dynamic"}] if self.kept.read()["resources"] else []
        listed = [{**resource, "uri": self.out(resource["uri"])} for resource in RESOURCES + dynamic]
        return self.cut("resources", listed, cursor)

    def templates(self, cursor=None) -> dict:
        """The result of `resources/templates/list`."""
        listed = [{**template, "uriTemplate": self.out(template["uriTemplate"])} for template in TEMPLATES]
        return self.cut("resourceTemplates", listed, cursor)

    def out(self, uri: str) -> str:
        """An address in this server's scheme."""
        return uri.replace("test://", f"{self.scheme}://", 1)

    async def call(self, scene: Scene, name: str, arguments: dict | None) -> dict:
        """The result of `tools/call`."""
        if name == "test_dynamic_tool" and self.kept.read()["tools"]:
            return text("dynamic")
        if name not in TOOLS:
            raise Refusal(INVALID_PARAMS, f"Unknown tool: {name}")
        definition, function = TOOLS[name]
        missing = [field for field in definition["inputSchema"].get("required", []) if field not in (arguments or {})]
        if missing:
            return text(f"Missing arguments: {', '.join(missing)}", isError=True)
        known = {name: value for name, value in (arguments or {}).items() if name in definition["inputSchema"]["properties"]}
        try:
            return await function(scene, self, **known)
        except Asking as asking:
            return asking.result()

    async def prompt(self, scene: Scene, name: str, arguments: dict | None) -> dict:
        """The result of `prompts/get`."""
        arguments = arguments or {}

        def message(content) -> dict:
            return {"role": "user", "content": {"type": "text", "text": content} if isinstance(content, str) else content}

        match name:
            case "test_simple_prompt":
                messages = [message("This is a simple prompt for testing.")]
            case "test_prompt_with_arguments":
                messages = [message(f"Prompt with arguments: arg1='{arguments.get('arg1')}', arg2='{arguments.get('arg2')}'")]
            case "test_prompt_with_embedded_resource":
                content = embedded(arguments.get("resourceUri", ""), "text/plain", "Embedded resource content for testing.")
                messages = [message(content), message("Please process the embedded resource above.")]
            case "test_prompt_with_image":
                picture = {"type": "image", "data": PNG, "mimeType": "image/png"}
                messages = [message(picture), message("Please analyze the image above.")]
            case "test_input_required_result_prompt":
                context = {"context": {"type": "string"}}
                request = form("What context should the prompt use?", ["context"], **context)
                try:
                    answer = (await scene.ask({"user_context": request}))["user_context"]
                except Asking as asking:
                    return asking.result()
                messages = [message(f"Use this context: {(answer.get('content') or {}).get('context')}")]
            case "test_dynamic_prompt" if self.kept.read()["prompts"]:
                messages = [message("dynamic")]
            case _:
                raise Refusal(INVALID_PARAMS, f"Unknown prompt: {name}")
        return {"messages": messages}

    def read(self, uri: str, is_modern: bool) -> dict:
        """The result of `resources/read`."""
        given, uri = uri, uri.replace(f"{self.scheme}://", "test://", 1)
        if uri == "test://static-text":
            content = {"mimeType": "text/plain", "text": "This is the content of the static text resource."}
        elif uri == "test://static-binary":
            content = {"mimeType": "image/png", "blob": PNG}
        elif uri == "test://watched-resource":
            content = {"mimeType": "text/plain", "text": f"Edition {self.kept.read()['edition']}"}
        elif uri == "test://dynamic" and self.kept.read()["resources"]:
            content = {"mimeType": "text/plain", "text": "dynamic"}
        elif uri.startswith("test://template/") and uri.endswith("/data"):
            number = uri.removeprefix("test://template/").removesuffix("/data")
            content = {"mimeType": "application/json", "text": json.dumps({"id": number, "templateTest": True})}
        else:
            raise Refusal(INVALID_PARAMS if is_modern else NOT_FOUND_BEFORE_2026, "Resource not found", {"uri": given})
        return {"contents": [{"uri": given, **content}]}

    def complete(self, value: str) -> dict:
        """The result of `completion/complete`."""
        values = [word for word in WORDS if word.startswith(value)]
        return {"completion": {"values": values, "total": len(values), "hasMore": False}}
