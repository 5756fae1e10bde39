"""The stage under the 1.x SDK: the handshake eras, over streamable HTTP, HTTP+SSE (/sse) and standard input and output; see program.py."""

import asyncio
import contextlib
import weakref

import mcp.types as types
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.sse import SseServerTransport
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import McpError
from mcp.shared.message import ServerMessageMetadata
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route

import program
from stage import LEVELS, Refusal, Scene, Stage

ASKED = {
    "elicitation/create": (types.ElicitRequest, types.ElicitResult),
    "sampling/createMessage": (types.CreateMessageRequest, types.CreateMessageResult),
    "roots/list": (types.ListRootsRequest, types.ListRootsResult),
}


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


class Play(Scene):
    """One request, as this SDK gives it to a handler."""

    def __init__(self, server):
        self.server = server
        self.ctx = server.request_context
        self.session = self.ctx.session
        declared = self.session.client_params and self.session.client_params.capabilities
        self.capabilities = wire(declared) if declared else {}

    async def log(self, level, data):
        if LEVELS.index(level) >= LEVELS.index(self.server.levels.get(self.session, "debug")):
            await self.session.send_log_message(level, data, "stage", related_request_id=str(self.ctx.request_id))

    async def progress(self, done, total, message):
        token = self.ctx.meta and self.ctx.meta.progressToken
        if token is not None:
            await self.session.send_progress_notification(
                token, done, total, message, related_request_id=str(self.ctx.request_id)
            )

    async def request(self, method, params):
        asked, answered = ASKED[method]
        request = types.ServerRequest(asked.model_validate({"method": method, "params": params}))
        metadata = ServerMessageMetadata(related_request_id=self.ctx.request_id)
        return wire(await self.session.send_request(request, answered, metadata=metadata))

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
        super().__init__("stage", version="1.30", instructions="Everything here is for tests.")
        self.stage = stage
        self.sessions = weakref.WeakSet()
        self.levels = weakref.WeakKeyDictionary()
        self.subscriptions = weakref.WeakKeyDictionary()
        handlers = {
            types.ListToolsRequest: (self.list_tools, types.ListToolsResult),
            types.CallToolRequest: (self.call_tool, types.CallToolResult),
            types.ListPromptsRequest: (self.list_prompts, types.ListPromptsResult),
            types.GetPromptRequest: (self.get_prompt, types.GetPromptResult),
            types.ListResourcesRequest: (self.list_resources, types.ListResourcesResult),
            types.ListResourceTemplatesRequest: (self.list_templates, types.ListResourceTemplatesResult),
            types.ReadResourceRequest: (self.read_resource, types.ReadResourceResult),
            types.CompleteRequest: (self.complete, types.CompleteResult),
            types.SubscribeRequest: (self.subscribe, types.EmptyResult),
            types.UnsubscribeRequest: (self.unsubscribe, types.EmptyResult),
            types.SetLevelRequest: (self.set_level, types.EmptyResult),
        }
        for request, (handler, result) in handlers.items():
            self.request_handlers[request] = self.guarded(handler, result)

    def get_capabilities(self, notification_options, experimental_capabilities):
        capabilities = super().get_capabilities(NotificationOptions(True, True, True), experimental_capabilities)
        capabilities.resources.subscribe = True  # the SDK says no whatever the handlers are
        return capabilities

    async def told(self, name):
        """Tells the clients of this process what has changed."""
        names = {
            "tools": "send_tool_list_changed",
            "prompts": "send_prompt_list_changed",
            "resources": "send_resource_list_changed",
        }
        watched = self.stage.out("test://watched-resource")
        for session in list(self.sessions):
            with contextlib.suppress(Exception):  # a session that has ended is not told
                if name in names:
                    await getattr(session, names[name])()
                elif watched in self.subscriptions.get(session, ()):
                    await session.send_resource_updated(watched)

    def guarded(self, handler, result):
        """Keeps the session, to tell it of changes, and gives errors their code."""

        async def handle(request):
            self.sessions.add(self.request_context.session)
            try:
                return types.ServerResult(result.model_validate(await handler(request.params)))
            except Refusal as refusal:
                raise McpError(types.ErrorData(code=refusal.code, message=refusal.message, data=refusal.data)) from None

        return handle

    async def list_tools(self, params):
        return self.stage.tools(False, params and params.cursor)

    async def call_tool(self, params):
        return await self.stage.call(Play(self), params.name, params.arguments)

    async def list_prompts(self, params):
        return self.stage.prompts(params and params.cursor)

    async def get_prompt(self, params):
        return await self.stage.prompt(Play(self), params.name, params.arguments)

    async def list_resources(self, params):
        return self.stage.resources(params and params.cursor)

    async def list_templates(self, params):
        return self.stage.templates(params and params.cursor)

    async def read_resource(self, params):
        return self.stage.read(str(params.uri), False)

    async def complete(self, params):
        return self.stage.complete(params.argument.value)

    async def subscribe(self, params):
        self.subscriptions.setdefault(self.request_context.session, set()).add(str(params.uri))
        self.stage.subscribed.add(str(params.uri))
        return {}

    async def unsubscribe(self, params):
        self.subscriptions.get(self.request_context.session, set()).discard(str(params.uri))
        self.stage.subscribed.discard(str(params.uri))
        return {}

    async def set_level(self, params):
        self.levels[self.request_context.session] = params.level
        return {}


def application(server) -> Starlette:
    """Streamable HTTP at /mcp, HTTP+SSE at /sse."""
    local = ["127.0.0.1:*", "localhost:*", "[::1]:*"]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=local, allowed_origins=[f"http://{host}" for host in local]
    )
    manager = StreamableHTTPSessionManager(server, event_store=Events(), security_settings=security, retry_interval=100)
    events = SseServerTransport("/messages/", security_settings=security)

    class Streamable:
        async def __call__(self, scope, receive, send):
            await manager.handle_request(scope, receive, send)

    async def sse(request):
        async with events.connect_sse(request.scope, request.receive, request._send) as (read, write):
            await server.run(read, write, server.create_initialization_options())
        return Response()

    @contextlib.asynccontextmanager
    async def lifespan(_):
        async with manager.run():
            yield

    routes = [Route("/mcp", Streamable()), Route("/sse", sse), Mount("/messages/", events.handle_post_message)]
    return Starlette(routes=routes, lifespan=lifespan)


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
    program.serve(application(server), options)
