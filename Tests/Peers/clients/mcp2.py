"""The 2.x SDK as a client, in mode `auto`, `legacy` or a version; see driver.py for what it reads and prints."""

import asyncio

import driver
import mcp_types as types
import person
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


class Connection:
    """One client, in the driver's words."""

    def __init__(self, client):
        self.client = client
        self.version = client.protocol_version
        self.get_prompt = client.get_prompt
        self.read_resource = client.read_resource
        self.set_level = client.set_logging_level
        self.ping = client.send_ping

    # Lists are asked of the server, whatever the client has cached.

    async def list_tools(self):
        return await self.client.list_tools(cache_mode="refresh")

    async def list_prompts(self):
        return await self.client.list_prompts(cache_mode="refresh")

    async def list_resources(self):
        return await self.client.list_resources(cache_mode="refresh")

    async def list_templates(self):
        return await self.client.list_resource_templates(cache_mode="refresh")

    async def complete(self, prompt, argument, value):
        reference = types.PromptReference(type="ref/prompt", name=prompt)
        return await self.client.complete(reference, {"name": argument, "value": value})

    async def call_tool(self, name, arguments, progress):
        return await self.client.call_tool(name, arguments, progress_callback=progress)

    async def listen(self, stack, resources):
        """Opens `subscriptions/listen` where that exists; the handshake eras have the GET stream and subscriptions instead."""
        if self.version < "2026":
            for uri in resources:
                await self.client.subscribe_resource(uri)
            return
        lists = {"tools_list_changed": True, "prompts_list_changed": True, "resources_list_changed": True}
        subscription = await stack.enter_async_context(self.client.listen(**lists, resource_subscriptions=resources))

        async def report():
            async for event in subscription:
                driver.say({"notification": NOTIFIED[type(event).__name__](event)})

        # Ends with the connection; nobody waits for it.
        stack.callback(asyncio.create_task(report()).cancel)


NOTIFIED = {
    "ToolsListChanged": lambda _: {"method": "notifications/tools/list_changed"},
    "PromptsListChanged": lambda _: {"method": "notifications/prompts/list_changed"},
    "ResourcesListChanged": lambda _: {"method": "notifications/resources/list_changed"},
    "ResourceUpdated": lambda event: {"method": "notifications/resources/updated", "params": {"uri": event.uri}},
}


async def connect(stack, target):
    if target["transport"] == "stdio":
        program, *arguments = target["command"]
        server = StdioServerParameters(command=program, args=arguments)
    elif target.get("oauth"):
        http = await stack.enter_async_context(create_mcp_http_client(auth=person.provider(target["url"])))
        server = streamable_http_client(target["url"], http_client=http)
    else:
        server = target["url"]
    asked = driver.callbacks(types, target.get("answers", {}))
    client = Client(server, mode=target["mode"], log_level=target.get("log"), message_handler=driver.on_message, **asked)
    return Connection(await stack.enter_async_context(client))


driver.main(connect)
