"""A server of both eras under the 2.x SDK whose tools ask in the middle of a call, which this SDK does in the handshake eras alone.

It takes as many seconds to start as the environment variable DELAY says. See program.py.
"""

import asyncio
import os
import time

import program
from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel

options = program.arguments()
time.sleep(float(os.environ.get("DELAY", "0")))
server = MCPServer("asking", version="1")


class Name(BaseModel):
    """What is asked for."""

    username: str
    email: str


async def ask(ctx: Context, message: str) -> str:
    answer = await ctx.elicit(message, Name)
    return f"{answer.action} {answer.data.username if answer.action == 'accept' else ''}".strip()


@server.tool(structured_output=False)
async def enrol(ctx: Context) -> str:
    """Asks who it is"""
    return await ask(ctx, "Who are you?")


@server.tool(structured_output=False)
async def era(ctx: Context) -> str:
    """Tells which version it is asked in"""
    return ctx.request_context.protocol_version


meeting = {"here": 0, "both": asyncio.Event()}


@server.tool(structured_output=False)
async def meet(name: str, ctx: Context) -> str:
    """Asks once two calls are here"""
    meeting["here"] += 1
    if meeting["here"] == 2:
        meeting["both"].set()
    await meeting["both"].wait()
    return f"{name} {await ask(ctx, name)}"


@server.tool(structured_output=False)
async def steps(ctx: Context) -> str:
    """Says nothing for a while, and then how far it is"""
    await asyncio.sleep(2.5)
    for done in [0, 50, 100]:
        await ctx.report_progress(done, 100)
    return "done"


if options.transport == "stdio":
    asyncio.run(server.run_stdio_async())
else:
    program.serve(server.streamable_http_app(), options)
