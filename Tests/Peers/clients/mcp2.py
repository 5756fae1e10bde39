"""The 2.x SDK as a client, in mode `auto`, `legacy` or a version; see driver.py for what it reads and prints."""

import asyncio

import driver
import person
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


class Connection:
    """One client, in the driver's words."""

    def __init__(self, client):
        self.client = client
        self.version = client.protocol_version
        self.ping = client.send_ping

    async def list_tools(self):
        """Asks the server, whatever the client has cached."""
        return await self.client.list_tools(cache_mode="refresh")

    async def call_tool(self, name, arguments, progress):
        return await self.client.call_tool(name, arguments, progress_callback=progress)

    async def listen(self, stack):
        """Opens `subscriptions/listen` where that exists; the handshake eras have the GET stream instead."""
        if self.version < "2026":
            return
        subscription = await stack.enter_async_context(self.client.listen(tools_list_changed=True))

        async def report():
            async for _ in subscription:
                driver.say({"notification": {"method": "notifications/tools/list_changed"}})

        stack.callback(asyncio.create_task(report()).cancel)


async def connect(stack, target):
    if target["transport"] == "stdio":
        program, *arguments = target["command"]
        server = StdioServerParameters(command=program, args=arguments)
    elif target.get("oauth"):
        http = await stack.enter_async_context(create_mcp_http_client(auth=person.provider(target["url"])))
        server = streamable_http_client(target["url"], http_client=http)
    else:
        server = target["url"]
    client = Client(server, mode=target["mode"], message_handler=driver.on_message)
    return Connection(await stack.enter_async_context(client))


driver.main(connect)
