"""The 1.x SDK as a client: streamable HTTP, the older HTTP+SSE, and stdio; see driver.py for what it reads and prints."""

import driver
import mcp.types as types
import person
from mcp import ClientSession, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


class Connection:
    """One session, in the driver's words."""

    def __init__(self, session, version):
        self.session = session
        self.version = version
        self.list_tools = session.list_tools
        self.list_prompts = session.list_prompts
        self.list_resources = session.list_resources
        self.list_templates = session.list_resource_templates
        self.get_prompt = session.get_prompt
        self.read_resource = session.read_resource
        self.set_level = session.set_logging_level
        self.ping = session.send_ping

    async def call_tool(self, name, arguments, progress):
        return await self.session.call_tool(name, arguments, progress_callback=progress)

    async def complete(self, prompt, argument, value):
        reference = types.PromptReference(type="ref/prompt", name=prompt)
        return await self.session.complete(reference, {"name": argument, "value": value})

    async def listen(self, _, resources):
        """Subscribes; the SDK opens the GET stream by itself."""
        for uri in resources:
            await self.session.subscribe_resource(uri)


async def transport(stack, target):
    """The streams of one connection."""
    auth = person.provider(target["url"]) if target.get("oauth") else None
    match target["transport"]:
        case "http":
            client = await stack.enter_async_context(create_mcp_http_client(auth=auth))
            return streamable_http_client(target["url"], http_client=client)
        case "sse":
            return sse_client(target["url"], auth=auth)
        case "stdio":
            program, *arguments = target["command"]
            return stdio_client(StdioServerParameters(command=program, args=arguments))


async def connect(stack, target):
    streams = await stack.enter_async_context(await transport(stack, target))
    asked = driver.callbacks(types, target.get("answers", {}))
    session = ClientSession(streams[0], streams[1], message_handler=driver.on_message, **asked)
    await stack.enter_async_context(session)
    return Connection(session, (await session.initialize()).protocolVersion)


driver.main(connect)
