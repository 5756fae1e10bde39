"""A double of Dify's service API, written from its public reference: `chat-messages`, `completion-messages`, `workflows/run`, their stops,
`files/upload`, `form/human_input`, `workflow/RUN/events`, `parameters`, `info` and `meta`.

It is no peer: what it cannot show is how a real Dify behaves. It is strict where Dify is: the key, the `user` of files, conversations and runs, and
variables that are required. The first word that is said chooses what a run does (`DifyDouble`).
"""

import asyncio
import json
import re
from urllib.parse import parse_qs, unquote

from harness.background import Background, read_request
from harness.upstreams import Signal

FORM = [
    {"paragraph": {"label": "Text", "variable": "text", "required": True, "max_length": 200, "default": ""}},
    {"select": {"label": "Tone", "variable": "tone", "required": False, "options": ["kind", "curt"], "default": "kind"}},
    {"file": {"label": "Scan", "variable": "scan", "required": False}},
]
HUMAN = {
    "form_id": "form-1",
    "node_id": "approval",
    "node_title": "Approval",
    "form_content": "Please review the draft.",
    "inputs": [{"type": "paragraph", "output_variable_name": "comment", "default": None}],
    "actions": [
        {"id": "approve", "title": "Approve", "button_style": "primary"},
        {"id": "reject", "title": "Request changes", "button_style": "default"},
    ],
    "display_in_ui": False,
    "resolved_default_values": {"comment": ""},
    "expiration_time": 4102444800,
}


class Refused(Exception):
    """An answer in Dify's words for what it does not do."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.body = status, {"code": code, "message": message, "status": status}


class DifyDouble:
    """One application of a mode (`chat`, `agent-chat`, `agent`, `advanced-chat`, `workflow`, `completion`) on a port of its own.

    It says again what was said, word by word. A first word of these does otherwise: `cut` leaves after the first words, `error` ends with an error
    event, `replace` is moderated, `pause` waits for a form, `slow` waits for `gate` or a stop, `malformed` writes what is no JSON, `limited` is
    refused with 429, `failed` is a workflow that fails, `file` answers with a file, `leak` with the key.
    """

    def __init__(self, background: Background, mode: str, key: str):
        self.background, self.mode, self.key = background, mode, key
        self.port = background.listen(self._serve)
        self.url = f"http://127.0.0.1:{self.port}"
        #: Method, path, header fields and body of each request.
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        #: Tasks that were stopped by whom they belong to.
        self.stopped: list[str] = []
        self.gate = asyncio.Event()
        self.waiting = Signal()
        self._stops: dict[str, asyncio.Event] = {}
        self._owners: dict[str, str] = {}
        self._answered: dict[str, dict] = {}
        self._count = 0

    def open_gate(self):
        """Lets what is slow go on."""
        self.background.loop.call_soon_threadsafe(self.gate.set)

    def bodies(self, path: str) -> list[dict]:
        """What was sent to a path, as JSON."""
        return [json.loads(body) for _, asked, _, body in self.requests if asked == path]

    def _new(self, kind: str, owner: str) -> str:
        self._count += 1
        name = f"{kind}-{self._count:04d}"
        self._owners[name] = owner
        return name

    async def _serve(self, reader, writer):
        while True:
            head, body = await read_request(reader)
            line, *lines = head.decode("latin-1").strip().split("\r\n")
            fields = {name.lower(): value.strip() for name, value in (text.split(":", 1) for text in lines)}
            method, path, _ = line.split(" ")
            self.requests.append((method, path, fields, body))
            try:
                if fields.get("authorization") != f"Bearer {self.key}":
                    raise Refused(401, "unauthorized", "Access token is invalid")
                if not await self._answer(method, path.removeprefix("/v1"), fields, body, writer):
                    return
            except Refused as refused:
                await whole(writer, refused.body, refused.status)

    async def _answer(self, method: str, target: str, fields: dict[str, str], body: bytes, writer) -> bool:
        path, _, query = target.partition("?")
        chats = self.mode in ("chat", "agent-chat", "agent", "advanced-chat")
        match method, path.strip("/").split("/"):
            case "GET", ["parameters"]:
                form = [] if self.mode in ("agent-chat", "agent") else FORM if self.mode in ("workflow", "completion") else FORM[1:2]
                return await whole(writer, {"opening_statement": "Hi", "suggested_questions": ["Who are you?"], "user_input_form": form})
            case "GET", ["info"]:
                info = {"name": "Echo", "description": "Says it again", "tags": ["echo"], "mode": self.mode, "author_name": "double"}
                return await whole(writer, info)
            case "GET", ["meta"]:
                return await whole(writer, {"tool_icons": {"search": "https://icons.example/search.png"}})
            case "POST", ["files", "upload"]:
                return await whole(writer, self._upload(fields, body), 201)
            case "POST", ["chat-messages"] if chats:
                return await self._run(json.loads(body), writer)
            case "POST", ["completion-messages"] if self.mode == "completion":
                return await self._run(json.loads(body), writer)
            case "POST", ["workflows", "run"] if self.mode == "workflow":
                return await self._run(json.loads(body), writer)
            case "POST", ["chat-messages" | "completion-messages", task, "stop"] | ["workflows", "tasks", task, "stop"]:
                user = required(json.loads(body), "user")
                # Another's stop is a success that does nothing.
                if self._owners.get(task) == user:
                    self.stopped.append(task)
                    self._stops[task].set()
                return await whole(writer, {"result": "success"})
            case "GET" | "POST", ["form", "human_input", token]:
                return await whole(writer, self._form(method, unquote(token), body))
            case "GET", ["workflow", run, "events"]:
                parameters = {name: values[0] for name, values in parse_qs(query).items()}
                return await self._resume(run, parameters, writer)
        raise Refused(404, "not_found", "The requested URL was not found on the server.")

    # Files

    def _upload(self, fields: dict[str, str], body: bytes) -> dict:
        boundary = re.fullmatch(r"multipart/form-data; boundary=(\S+)", fields.get("content-type", ""))
        if not boundary:
            raise Refused(400, "no_file_uploaded", "Please upload your file.")
        parts = {}
        for part in body.split(b"--" + boundary[1].encode())[1:-1]:
            head, _, content = part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
            parts[re.search(rb'name="(\w+)"', head)[1].decode()] = (head.decode(), content)
        head, content = parts["file"]
        if "content-type" not in head.lower():
            raise Refused(415, "unsupported_file_type", "File type not allowed.")
        name = re.search(r'filename="([^"]+)"', head)[1]
        return {"id": self._new("file", parts["user"][1].decode()), "name": name, "size": len(content), "created_at": 1}

    def _check_files(self, files, user: str):
        for file in files if isinstance(files, list) else [files]:
            if file["transfer_method"] == "local_file" and self._owners.get(file["upload_file_id"]) != user:
                raise Refused(400, "invalid_param", "Invalid upload file")
            if file["type"] not in ("image", "document", "audio", "video", "custom"):
                raise Refused(400, "invalid_param", "Invalid file type")

    # Runs

    async def _run(self, request: dict, writer) -> bool:
        user, inputs = required(request, "user"), required(request, "inputs")
        if request.get("response_mode") != "streaming":
            raise Refused(400, "bad_request", "Only streaming is supported here")
        self._check_files(request.get("files", []), user)
        conversation = request.get("conversation_id") or ""
        if conversation and self._owners.get(conversation) != user:
            raise Refused(404, "not_found", "Conversation Not Exists.")
        if self.mode in ("workflow", "completion"):
            said = inputs.get("text")
            if said is None:
                raise Refused(400, "invalid_param", "text is required in input form")
            if "scan" in inputs:
                self._check_files(inputs["scan"], user)
        else:
            said = required(request, "query")
            conversation = conversation or self._new("conversation", user)
        if said.startswith("limited"):
            raise Refused(429, "too_many_requests", "Too many requests. Please try again later.")
        task, run = self._new("task", user), self._new("run", user)
        self._stops[task] = asyncio.Event()
        return await self._stream(writer, said, task, run, conversation)

    async def _stream(self, writer, said: str, task: str, run: str, conversation: str) -> bool:
        switch = said.split(" ")[0]
        said = f"{said} {self.key}" if switch == "leak" else said
        events = Events(writer, self.mode, task, run, conversation)
        await events.begin()
        if events.has_workflow:
            await events.tell("workflow_started", data={"id": run, "workflow_id": "w", "inputs": {}, "created_at": 1})
            await events.tell("node_started", data={"id": "e", "node_id": "n", "node_type": "llm", "title": "Echo", "index": 1})
        if self.mode in ("agent-chat", "agent"):
            await events.tell("agent_thought", id="1", position=1, thought="I say it again", tool="echo", tool_input="{}", observation="")
        await events.ping()
        if switch == "malformed":
            return await events.broken(b'data: {"event": "message", \n\n')
        if switch == "pause" and events.has_workflow:
            return await self._pause(events, run)
        for number, word in enumerate(said.split(" ")):
            if switch == "cut" and number == 2:
                await asyncio.sleep(0.1)
                return False
            if switch == "slow" and number == 1 and not await self._wait(task):
                if events.has_workflow:
                    await events.tell("workflow_finished", data={"id": run, "status": "stopped", "outputs": {}, "total_tokens": 0})
                else:
                    await events.tell("message_end", metadata={})
                return await events.end()
            await events.say(word if number == 0 else " " + word)
        if switch == "error":
            await events.tell("error", status=400, code="provider_quota_exceeded", message="The provider's quota is used up")
            return await events.end()
        if switch == "replace":
            await events.tell("text_replace" if self.mode == "workflow" else "message_replace", answer="Hush.", data={"text": "Hush."})
        await self._finish(events, said, switch)
        return await events.end()

    async def _finish(self, events: "Events", said: str, switch: str):
        file = {"type": "document", "url": "https://files.example/a.pdf", "filename": "a.pdf", "mime_type": "application/pdf"}
        if switch == "file" and not events.has_workflow:
            await events.tell("message_file", id="f", type="image", belongs_to="assistant", url="https://files.example/cat.png")
        if self.mode == "agent":
            await events.tell("message", answer="Hush." if switch == "replace" else said)
        if self.mode != "workflow" and switch != "failed":
            await events.tell("message_end", id="m", metadata={"usage": {"total_tokens": 7, "latency": 0.1}, "retriever_resources": []})
        if not events.has_workflow:
            return
        outcome = {"id": events.run, "status": "succeeded", "outputs": {"result": said}, "error": None, "total_tokens": 7, "total_steps": 2}
        if switch == "failed":
            outcome |= {"status": "failed", "outputs": {}, "error": "The node Echo failed"}
        await events.tell("workflow_finished", data=outcome | {"elapsed_time": 0.5, "files": [file] if switch == "file" else []})

    async def _wait(self, task: str) -> bool:
        """Waits for the gate; gives whether it opened before a stop."""
        self.waiting.add()
        gate, stop = (asyncio.ensure_future(event.wait()) for event in (self.gate, self._stops[task]))
        done, rest = await asyncio.wait([gate, stop], return_when=asyncio.FIRST_COMPLETED)
        for each in rest:
            each.cancel()
        return gate in done

    # Runs that wait for people

    async def _pause(self, events: "Events", run: str) -> bool:
        await events.tell("human_input_required", data=HUMAN | {"form_token": f"token-{run}"})
        await events.tell("workflow_paused", data={"workflow_run_id": run, "status": "paused", "paused_nodes": ["approval"], "reasons": []})
        return await events.end()

    def _form(self, method: str, token: str, body: bytes) -> dict:
        run = token.removeprefix("token-")
        if run not in self._owners:
            raise Refused(404, "not_found", "Form not found")
        if run in self._answered:
            raise Refused(412, "human_input_form_submitted", "This form has already been submitted by another user")
        if method == "GET":
            return {name: HUMAN[name] for name in ("form_content", "inputs", "resolved_default_values", "expiration_time")} | {
                "user_actions": HUMAN["actions"]
            }
        answer = json.loads(body)
        required(answer, "user")
        if answer["action"] not in ("approve", "reject") or not answer["inputs"].get("comment"):
            raise Refused(400, "invalid_form_data", "Missing required inputs: comment")
        self._answered[run] = answer
        return {}

    async def _resume(self, run: str, parameters: dict[str, str], writer) -> bool:
        if self._owners.get(run) != parameters.get("user"):
            raise Refused(404, "not_found", "Workflow run not found")
        task = self._new("task", parameters["user"])
        self._stops[task] = asyncio.Event()
        events = Events(writer, self.mode, task, run, "")
        await events.begin()
        if parameters.get("include_state_snapshot") == "true":
            await events.tell("workflow_started", data={"id": run, "workflow_id": "w", "inputs": {}, "created_at": 1})
            await events.tell("workflow_paused", data={"workflow_run_id": run, "paused_nodes": ["approval"], "reasons": []})
        if run not in self._answered and parameters.get("continue_on_pause") != "true":
            return await events.end()
        while run not in self._answered:
            await events.ping()
            await asyncio.sleep(0.1)
        answer = self._answered[run]
        filled = {"node_id": "approval", "action_id": answer["action"], "submitted_data": answer["inputs"]}
        await events.tell("human_input_form_filled", data=filled)
        await events.say(f"{answer['action']}: {answer['inputs']['comment']}")
        await self._finish(events, f"{answer['action']}: {answer['inputs']['comment']}", "")
        return await events.end()


class Events:
    """The events of one run, as they go over the wire."""

    def __init__(self, writer, mode: str, task: str, run: str, conversation: str):
        self.writer, self.mode, self.run = writer, mode, run
        self.has_workflow = mode in ("workflow", "advanced-chat")
        self.ids = {"task_id": task}
        if mode != "workflow":
            self.ids |= {"message_id": f"message-{task}", "created_at": 1705395332}
        if conversation:
            self.ids["conversation_id"] = conversation

    async def begin(self):
        self.writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n")
        await self.writer.drain()

    async def tell(self, event: str, **members):
        ids = self.ids | ({"workflow_run_id": self.run} if self.has_workflow else {})
        await self._send(b"data: " + json.dumps({"event": event, **ids, **members}).encode() + b"\n\n")

    async def say(self, text: str):
        """A piece of the answer, in the mode's own event."""
        if self.mode == "workflow":
            return await self.tell("text_chunk", data={"text": text, "from_variable_selector": ["n", "text"]})
        await self.tell("agent_message" if self.mode in ("agent-chat", "agent") else "message", answer=text)

    async def ping(self):
        await self._send(b"event: ping\n\n")

    async def broken(self, data: bytes) -> bool:
        await self._send(data)
        return await self.end()

    async def end(self) -> bool:
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True

    async def _send(self, data: bytes):
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await self.writer.drain()


def required(request: dict, name: str):
    """A member that Dify insists on."""
    if name not in request or request[name] == "":
        raise Refused(400, "invalid_param", f"{name} is required")
    return request[name]


async def whole(writer, message: dict, status=200) -> bool:
    """A complete answer."""
    body = json.dumps(message).encode()
    writer.write(b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)
    await writer.drain()
    return True
