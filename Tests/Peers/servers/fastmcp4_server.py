"""FastMCP's server, written as its users write one: both eras, over HTTP and standard input and output; see program.py.

The names are those of the stage, as far as tests of several servers side by side need them.
"""

import asyncio
import json
import os

import mcp_types as types
import program
from fastmcp import Context, FastMCP
from stage import State

options = program.arguments()
server = FastMCP("stage", version="4.1", instructions="Everything here is for tests.")
kept = State(options.state)


@server.tool
def test_simple_text() -> str:
    """Gives a line of text"""
    return "This is a simple text response for testing."


@server.tool
def echo(text: str) -> dict:
    """Gives back what it is given"""
    return {"text": text}


@server.tool(output_schema=None)
def add(a: float, b: float) -> str:
    """Adds two numbers"""
    return f"{a + b:g}"


@server.tool(output_schema=None)
def test_error_handling() -> str:
    """Fails"""
    raise ValueError("This tool intentionally returns an error for testing")


@server.tool(output_schema=None)
async def test_tool_with_progress(ctx: Context) -> str:
    """Tells of its progress three times"""
    for done in [0, 50, 100]:
        await ctx.report_progress(done, 100, f"{done} of 100")
        await asyncio.sleep(0.02)
    return "Done in three steps"


@server.tool(output_schema=None)
async def test_tool_with_logging(ctx: Context) -> str:
    """Writes three lines to the log"""
    for line in ["Tool execution started", "Tool processing data", "Tool execution completed"]:
        await ctx.info(line)
        await asyncio.sleep(0.02)
    return "Logged three lines"


@server.tool(output_schema=None)
async def slow(seconds: float) -> str:
    """Takes its time"""
    kept.add("running", 1)
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        kept.add("cancelled", 1)
        raise
    finally:
        kept.add("running", -1)
    return f"Took {seconds} s"


@server.tool(output_schema=None)
def tally() -> str:
    """Tells what runs in this process and what was given up"""
    return json.dumps({"pid": os.getpid(), **kept.read()})


ASKED = {
    "elicitation/create": (types.ElicitRequest, types.ElicitResult),
    "sampling/createMessage": (types.CreateMessageRequest, types.CreateMessageResult),
    "roots/list": (types.ListRootsRequest, types.ListRootsResult),
}


async def ask(ctx: Context, method: str, params: dict):
    """What the client answers, or the result that asks it: by request in the handshake eras, by a result in the modern one."""
    asked, answered = ASKED[method]
    request = asked.model_validate({"method": method, "params": params})
    if ctx.request_context.protocol_version < "2026":
        from mcp.shared.message import ServerMessageMetadata

        metadata = ServerMessageMetadata(related_request_id=ctx.origin_request_id)
        return await ctx.session.send_request(request, answered, metadata=metadata)
    return (ctx.input_responses or {}).get("q") or types.InputRequiredResult(input_requests={"q": request}, request_state="asked")


@server.tool(output_schema=None)
async def test_elicitation(message: str, ctx: Context) -> str | types.InputRequiredResult:
    """Asks the user for a form"""
    fields = {"username": {"type": "string"}, "email": {"type": "string"}}
    schema = {"type": "object", "properties": fields, "required": list(fields)}
    answer = await ask(ctx, "elicitation/create", {"message": message, "requestedSchema": schema})
    if isinstance(answer, types.InputRequiredResult):
        return answer
    return f"User response: action={answer.action}, content={json.dumps(answer.content, sort_keys=True)}"


@server.tool(output_schema=None)
async def test_sampling(prompt: str, ctx: Context) -> str | types.InputRequiredResult:
    """Asks the client's model"""
    messages = [{"role": "user", "content": {"type": "text", "text": prompt}}]
    answer = await ask(ctx, "sampling/createMessage", {"messages": messages, "maxTokens": 100})
    return answer if isinstance(answer, types.InputRequiredResult) else f"LLM response: {answer.content.text}"


@server.tool(output_schema=None)
async def test_list_roots(ctx: Context) -> str | types.InputRequiredResult:
    """Lists the client's roots"""
    answer = await ask(ctx, "roots/list", {})
    return answer if isinstance(answer, types.InputRequiredResult) else "\n".join(str(root.uri) for root in answer.roots)


def test_dynamic_tool() -> str:
    """Comes and goes"""
    return "dynamic"


@server.tool(output_schema=None)
async def test_trigger_tool_change(ctx: Context) -> str:
    """Adds a tool, or takes it away again"""
    if await server.get_tool("test_dynamic_tool"):
        server.local_provider.remove_tool("test_dynamic_tool")
    else:
        server.tool(test_dynamic_tool)
    await ctx.send_notification(types.ToolListChangedNotification())
    return "The list of tools has changed"


@server.prompt
def test_simple_prompt() -> str:
    """A prompt without arguments"""
    return "This is a simple prompt for testing."


@server.prompt
def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """A prompt with two arguments"""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


@server.resource(f"{options.scheme}://static-text", mime_type="text/plain")
def static_text() -> str:
    """A text that stays as it is"""
    return "This is the content of the static text resource."


@server.resource(f"{options.scheme}://template/{{id}}/data", mime_type="application/json")
def template(id: str) -> str:
    """Data by number"""
    return json.dumps({"id": id, "templateTest": True})


if options.transport == "stdio":
    server.run("stdio", show_banner=False)
else:
    program.serve(server.http_app("/mcp"), options)
