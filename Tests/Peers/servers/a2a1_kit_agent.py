"""The agent that A2A's compliance kits want to speak with, under its SDK of 1.x: `a2a1_kit_agent.py LISTENER VERSION`, where the first is a
descriptor.

How a message's id begins says what is to become of it; the table is the kit's own.
"""

import asyncio
import socket
import sys

import uvicorn
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import a2a_pb2 as a2a
from google.protobuf.json_format import ParseDict
from starlette.applications import Starlette

IS_OLDER = sys.argv[2] == "0.3"
LISTENER = socket.socket(fileno=int(sys.argv[1]))
FILE = {"raw": "dGNr", "mediaType": "text/plain", "filename": "output.txt"}
# Whether it says that it works, what it makes, and what it says at the end.
ENDINGS = {
    "tck-stream-artifact-text": (True, {"text": "Streamed text content"}, None),
    "tck-stream-artifact-file": (True, FILE, None),
    "tck-stream-ordering-001": (True, {"text": "Ordered output"}, None),
    "tck-stream-001": (True, {"text": "Stream hello"}, None),
    "tck-stream-002": (False, None, None),
    "tck-stream-003": (True, {"text": "Stream task lifecycle"}, None),
    "tck-artifact-file-url": (False, {"url": "https://example.com/output.txt", "mediaType": "text/plain", "filename": "output.txt"}, None),
    "tck-artifact-file": (False, FILE, None),
    "tck-artifact-text": (False, {"text": "Generated text content"}, None),
    "tck-artifact-data": (False, {"data": {"key": "value", "count": 42}}, None),
    "tck-complete-task": (False, None, "Hello from TCK"),
    "": (False, None, "No such prefix"),
}


def part(json: dict) -> a2a.Part:
    return ParseDict(json, a2a.Part())


class Executor(AgentExecutor):
    async def execute(self, context, queue):
        updater = TaskUpdater(queue, context.task_id, context.context_id)
        begins = context.message.message_id.startswith
        if begins("tck-message-response"):
            return await queue.enqueue_event(updater.new_agent_message([part({"text": "Direct message response"})]))
        if context.current_task is None:
            task = a2a.Task(id=context.task_id, context_id=context.context_id, history=[context.message])
            task.status.state = a2a.TaskState.TASK_STATE_SUBMITTED
            await queue.enqueue_event(task)
        if begins("tck-input-required"):
            return await updater.requires_input()
        if begins("tck-reject-task"):
            return await updater.reject()
        if begins("test-resubscribe-message-id"):
            await updater.start_work()
            await asyncio.sleep(4)
            return await updater.complete()
        if begins("tck-stream-artifact-chunked"):
            await updater.start_work()
            await updater.add_artifact([part({"text": "chunk-1 "})], artifact_id="chunks")
            await updater.add_artifact([part({"text": "chunk-2"})], artifact_id="chunks", append=True, last_chunk=True)
            return await updater.complete()
        if IS_OLDER:  # the kit of 0.3 goes on with any task, and cancels it
            return await updater.requires_input()
        works, made, said = next(ending for prefix, ending in ENDINGS.items() if begins(prefix))
        if works:
            await updater.start_work()
        if made:
            await updater.add_artifact([part(made)])
        await updater.complete(updater.new_agent_message([part({"text": said})]) if said else None)

    async def cancel(self, context, queue):
        await TaskUpdater(queue, context.task_id, context.context_id).cancel()


url = f"http://127.0.0.1:{LISTENER.getsockname()[1]}"
card = ParseDict(
    {
        "name": "Kit",
        "description": "Does what the compliance kit wants.",
        "version": "1.0.0",
        "provider": {"organization": "Tests", "url": "https://example.com"},
        "supportedInterfaces": [
            {"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
            {"url": url + "/rest", "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"},
        ],
        "capabilities": {"streaming": True},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [{"id": "tck", "name": "Kit", "description": "Does what the kit wants.", "tags": ["tck"]}],
    },
    a2a.AgentCard(),
)
handler = DefaultRequestHandler(Executor(), InMemoryTaskStore(), card)
routes = [*create_agent_card_routes(card), *create_jsonrpc_routes(handler, "/"), *create_rest_routes(handler, path_prefix="/rest")]
uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning")).run(sockets=[LISTENER])
