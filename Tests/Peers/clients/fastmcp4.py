"""FastMCP's client; see driver.py for what it reads and prints."""

import driver
import mcp_types as types
from fastmcp import Client
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport


class Connection:
    """One client, in the driver's words."""

    def __init__(self, client):
        self.client = client
        self.version = client.protocol_version
        self.list_tools = client.list_tools_mcp
        self.list_prompts = client.list_prompts_mcp
        self.list_resources = client.list_resources_mcp
        self.list_templates = client.list_resource_templates_mcp
        self.get_prompt = client.get_prompt_mcp
        self.read_resource = client.read_resource_mcp
        self.set_level = client.set_logging_level
        self.ping = client.ping

    async def call_tool(self, name, arguments, progress):
        return await self.client.call_tool_mcp(name, arguments, progress_handler=progress)

    async def complete(self, prompt, argument, value):
        reference = types.PromptReference(type="ref/prompt", name=prompt)
        return await self.client.complete_mcp(reference, {"name": argument, "value": value})


def handlers(answers):
    """What this client can be asked."""

    async def elicit(message, kind, params, context):
        return types.ElicitResult.model_validate(driver.asked("elicitation/create", params, answers))

    async def sample(messages, params, context):
        return driver.asked("sampling/createMessage", params, answers)

    async def list_roots(context):
        return driver.asked("roots/list", {}, answers)

    known = {
        "elicitation": ("elicitation_handler", elicit),
        "sampling": ("sampling_handler", sample),
        "roots": ("roots", list_roots),
    }
    return dict(known[name] for name in answers)


async def connect(stack, target):
    if target["transport"] == "stdio":
        program, *arguments = target["command"]
        transport = StdioTransport(program, arguments)
    else:
        transport = StreamableHttpTransport(target["url"])
    asked = handlers(target.get("answers", {}))
    client = Client(transport, mode=target["mode"], message_handler=driver.on_message, **asked)
    return Connection(await stack.enter_async_context(client))


driver.main(connect)
