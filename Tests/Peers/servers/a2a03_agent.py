"""An agent under A2A's last SDK of 0.3, over JSON-RPC or HTTP+JSON: `a2a03_agent.py LISTENER NAME [rest]`. It does as a2a1_agent.py says."""

import asyncio
import socket
import sys
import uuid

import uvicorn
from a2a import types as a2a
from a2a.server.agent_execution import AgentExecutor
from a2a.server.apps.jsonrpc import A2AStarletteApplication
from a2a.server.apps.rest import A2ARESTFastAPIApplication
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater

LISTENER, NAME, IS_REST = socket.socket(fileno=int(sys.argv[1])), sys.argv[2], sys.argv[3:] == ["rest"]
PORT = LISTENER.getsockname()[1]


def text(words: str) -> a2a.Part:
    return a2a.Part(root=a2a.TextPart(text=words))


class Executor(AgentExecutor):
    async def execute(self, context, queue):
        said = context.get_user_input()
        if said == "reply":
            message = a2a.Message(message_id=str(uuid.uuid4()), role="agent", parts=[text("no task")], context_id=context.context_id)
            return await queue.enqueue_event(message)
        updater = TaskUpdater(queue, context.task_id, context.context_id)
        if context.current_task is None:
            await updater.submit()
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


card = a2a.AgentCard(
    name=f"Agent {NAME}",
    description="Says back what it is told.",
    version="7.1",
    url=f"http://127.0.0.1:{PORT}/",
    preferred_transport="HTTP+JSON" if IS_REST else "JSONRPC",
    capabilities=a2a.AgentCapabilities(streaming=True),
    default_input_modes=["text/plain"],
    default_output_modes=["text/plain"],
    skills=[a2a.AgentSkill(id="say-back", name="Say back", description="Says it back.", tags=["echo"], examples=["hello"])],
)
handler = DefaultRequestHandler(Executor(), InMemoryTaskStore())
app = (A2ARESTFastAPIApplication if IS_REST else A2AStarletteApplication)(agent_card=card, http_handler=handler).build()
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[LISTENER])
