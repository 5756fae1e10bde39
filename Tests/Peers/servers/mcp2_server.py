"""The stage under the 2.x SDK: both eras, over HTTP and standard input and output; see program.py."""

import asyncio
import warnings
import weakref

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata

import program
from stage import LEVELS, Refusal, Scene, Stage

warnings.simplefilter("ignore")

ASKED = {
    "elicitation/create": (types.ElicitRequest, types.ElicitResult),
    "sampling/createMessage": (types.CreateMessageRequest, types.CreateMessageResult),
    "roots/list": (types.ListRootsRequest, types.ListRootsResult),
}
SENT = {"tools": "send_tool_list_changed", "prompts": "send_prompt_list_changed", "resources": "send_resource_list_changed"}
EVENTS = {"tools": ToolsListChanged, "prompts": PromptsListChanged, "resources": ResourcesListChanged}


class Events(EventStore):
    """Keeps what was sent on streams, so that a client may take them up again."""

    def __init__(self):
        self.kept = []

    async def store_event(self, stream_id, message):
        self.kept.append((stream_id, message))
        return str(len(self.kept))

    async def replay_events_after(self, last_event_id, send_callback):
        stream = self.kept[int(last_event_id) - 1][0]
        for number, (other, message) in enumerate(self.kept, 1):
            if number > int(last_event_id) and other == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream


def wire(model) -> dict:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def asking_or(kind, result: dict):
    """A result as the SDK's model of it."""
    return (types.InputRequiredResult if result.get("resultType") == "input_required" else kind).model_validate(result)


class Play(Scene):
    """One request, as this SDK gives it to a handler."""

    def __init__(self, server, ctx, params=None):
        self.server = server
        self.ctx = ctx
        self.is_modern = ctx.protocol_version >= "2026"
        declared = ctx.session.client_capabilities
        self.capabilities = wire(declared) if declared else {}
        raw = ctx.params or {}
        self.responses = raw.get("inputResponses") or {}
        self.state = getattr(params, "request_state", None)

    async def log(self, level, data):
        known = self.server.levels.get(self.ctx.session._connection, "debug")
        if self.is_modern or LEVELS.index(level) >= LEVELS.index(known):
            await self.ctx.session.send_log_message(level, data, "stage", related_request_id=self.ctx.request_id)

    async def progress(self, done, total, message):
        await self.ctx.session.report_progress(done, total, message)

    async def request(self, method, params):
        asked, answered = ASKED[method]
        request = asked.model_validate({"method": method, "params": params})
        metadata = ServerMessageMetadata(related_request_id=self.ctx.request_id)
        return wire(await self.ctx.session.send_request(request, answered, metadata=metadata))

    async def changed(self, kind):
        await self.server.told(kind)

    async def updated(self, uri):
        await self.server.told("edition")

    async def close_stream(self):
        if self.ctx.close_sse_stream:
            await self.ctx.close_sse_stream()


class StageServer(Server):
    """The stage as this SDK's server."""

    def __init__(self, stage):
        self.stage = stage
        self.bus = InMemorySubscriptionBus()
        # By connection: what a session outlives its requests with. Sessions of the modern era are of one request and are not kept.
        self.sessions = weakref.WeakKeyDictionary()
        self.levels = weakref.WeakKeyDictionary()
        self.subscriptions = weakref.WeakKeyDictionary()
        lists = CacheHint(ttl_ms=60_000, scope="public")
        hints = {name: lists for name in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]}
        super().__init__(
            "stage",
            version="2.3",
            title="Stage",
            instructions="Everything here is for tests.",
            cache_hints={**hints, "resources/read": CacheHint(ttl_ms=0, scope="private")},
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_prompts=self.list_prompts,
            on_get_prompt=self.get_prompt,
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_templates,
            on_read_resource=self.read_resource,
            on_completion=self.complete,
            on_subscribe_resource=self.subscribe,
            on_unsubscribe_resource=self.unsubscribe,
            on_subscriptions_listen=ListenHandler(self.bus),
            on_set_logging_level=self.set_level,
        )
        self.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience="stage"))
        self.middleware.append(self.remember)

    def create_initialization_options(self, notification_options=None, *more, **named):
        return super().create_initialization_options(NotificationOptions(True, True, True), *more, **named)

    async def remember(self, ctx, call_next):
        """Keeps the sessions of the handshake eras, to tell them of changes."""
        if ctx.protocol_version < "2026":
            self.sessions[ctx.session._connection] = ctx.session
        try:
            return await call_next(ctx)
        except Refusal as refusal:
            raise MCPError(refusal.code, refusal.message, refusal.data) from None

    async def told(self, name):
        """Tells the clients of this process what has changed."""
        watched = self.stage.out("test://watched-resource")
        await self.bus.publish(EVENTS[name]() if name in EVENTS else ResourceUpdated(uri=watched))
        for connection, session in list(self.sessions.items()):
            if name in EVENTS:
                await getattr(session, SENT[name])()
            elif watched in self.subscriptions.get(connection, ()):
                await session.send_resource_updated(watched)

    async def list_tools(self, ctx, params):
        return types.ListToolsResult.model_validate(self.stage.tools(ctx.protocol_version >= "2026", params and params.cursor))

    async def call_tool(self, ctx, params):
        return asking_or(types.CallToolResult, await self.stage.call(Play(self, ctx, params), params.name, params.arguments))

    async def list_prompts(self, ctx, params):
        return types.ListPromptsResult.model_validate(self.stage.prompts(params and params.cursor))

    async def get_prompt(self, ctx, params):
        return asking_or(types.GetPromptResult, await self.stage.prompt(Play(self, ctx, params), params.name, params.arguments))

    async def list_resources(self, ctx, params):
        return types.ListResourcesResult.model_validate(self.stage.resources(params and params.cursor))

    async def list_templates(self, ctx, params):
        return types.ListResourceTemplatesResult.model_validate(self.stage.templates(params and params.cursor))

    async def read_resource(self, ctx, params):
        return types.ReadResourceResult.model_validate(self.stage.read(str(params.uri), ctx.protocol_version >= "2026"))

    async def complete(self, ctx, params):
        return types.CompleteResult.model_validate(self.stage.complete(params.argument.value))

    async def subscribe(self, ctx, params):
        self.subscriptions.setdefault(ctx.session._connection, set()).add(str(params.uri))
        self.stage.subscribed.add(str(params.uri))
        return types.EmptyResult()

    async def unsubscribe(self, ctx, params):
        self.subscriptions.get(ctx.session._connection, set()).discard(str(params.uri))
        self.stage.subscribed.discard(str(params.uri))
        return types.EmptyResult()

    async def set_level(self, ctx, params):
        self.levels[ctx.session._connection] = params.level
        return types.EmptyResult()


async def stdio(server):
    # Ends with the program; nobody waits for it.
    watching = asyncio.create_task(server.stage.kept.watch(server.told))
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
    watching.cancel()


options = program.arguments()
server = StageServer(Stage(options.page, options.scheme, options.state))
if options.transport == "stdio":
    asyncio.run(stdio(server))
else:
    program.serve(server.streamable_http_app(event_store=Events(), retry_interval=100), options)
