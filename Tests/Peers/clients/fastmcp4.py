"""FastMCP's client; see driver.py for what it reads and prints."""

import driver
from fastmcp import Client
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport


class Connection:
    """One client, in the driver's words."""

    def __init__(self, client):
        self.client = client
        self.version = client.protocol_version
        self.list_tools = client.list_tools_mcp
        self.ping = client.ping

    async def call_tool(self, name, arguments, progress):
        return await self.client.call_tool_mcp(name, arguments, progress_handler=progress)


async def connect(stack, target):
    if target["transport"] == "stdio":
        program, *arguments = target["command"]
        transport = StdioTransport(program, arguments)
    else:
        transport = StreamableHttpTransport(target["url"])
    client = Client(transport, mode=target["mode"], message_handler=driver.on_message)
    return Connection(await stack.enter_async_context(client))


driver.main(connect)
