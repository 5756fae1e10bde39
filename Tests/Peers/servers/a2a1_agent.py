"""An agent under A2A's SDK of 1.x, in both bindings: `a2a1_agent.py LISTENER NAME`, where the first is a descriptor.

What a message says decides: `reply` answers without a task, `ask` asks for a word, `slow` works for seconds, `fail` fails, `pieces` makes an artifact
in pieces, `who` says which agent it is and what the conversation is called; anything else is said back.
"""

import asyncio
import socket
import sys
import uuid

import uvicorn
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import a2a_pb2 as a2a
from google.protobuf.json_format import ParseDict
from starlette.applications import Starlette

LISTENER, NAME = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
PORT = LISTENER.getsockname()[1]


def text(words: str) -> a2a.Part:
    return a2a.Part(text=words)


class Executor(AgentExecutor):
    async def execute(self, context, queue):
        said = context.get_user_input()
        if said == "reply":
            message = a2a.Message(message_id=str(uuid.uuid4()), role="ROLE_AGENT", parts=[text("no task")], context_id=context.context_id)
            return await queue.enqueue_event(message)
        if context.current_task is None:
            task = a2a.Task(id=context.task_id, context_id=context.context_id, history=[context.message])
            task.status.state = a2a.TaskState.TASK_STATE_SUBMITTED
            await queue.enqueue_event(task)
        updater = TaskUpdater(queue, context.task_id, context.context_id)
        await updater.start_work()
        match said:
            case "ask":
                return await updater.requires_input(updater.new_agent_message([text("which word?")]))
            case "slow":
                await asyncio.sleep(1.5)
            case "fail":
                return await updater.failed(updater.new_agent_message([text("it broke")]))
            case "pieces":
                for number in range(4):
                    await updater.add_artifact([text(f"piece {number}")], artifact_id="a", append=number > 0, last_chunk=number == 3)
                return await updater.complete()
        words = f"{NAME} {context.context_id}" if said == "who" else said
        await updater.add_artifact([text(words)], name="echo")
        await updater.complete()

    async def cancel(self, context, queue):
        await TaskUpdater(queue, context.task_id, context.context_id).cancel()


url = f"http://127.0.0.1:{PORT}"
card = ParseDict(
    {
        "name": f"Agent {NAME}",
        "description": "Says back what it is told.",
        "version": "7.1",
        "supportedInterfaces": [
            {"url": url + "/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
            {"url": url, "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"},
        ],
        "capabilities": {"streaming": True},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [{"id": "say-back", "name": "Say back", "description": "Says it back.", "tags": ["echo"], "examples": ["hello"]}],
    },
    a2a.AgentCard(),
)
handler = DefaultRequestHandler(Executor(), InMemoryTaskStore(), card)
routes = [*create_agent_card_routes(card), *create_jsonrpc_routes(handler, "/rpc"), *create_rest_routes(handler)]
uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning")).run(sockets=[LISTENER])
