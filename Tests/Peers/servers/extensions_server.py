"""Tasks and pages under the 2.x SDK. The SDK has the pages (`mcp.server.apps`) and the place for other extensions; that of tasks is by hand.

Tools: `slow` becomes a task where its client follows tasks, `asks` one that wants a form filled in first, `clock` has a page.
"""

import secrets
import warnings

import mcp_types as types
from mcp.server.apps import Apps
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from pydantic import ConfigDict, Field

import program

warnings.simplefilter("ignore")

TASKS = "io.modelcontextprotocol/tasks"
FORM = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


class TaskParams(types.RequestParams):
    """The parameters of all three methods."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)
    task_id: str = Field(alias="taskId")


class Tasks(Extension):
    """`io.modelcontextprotocol/tasks`, with tasks that are done at the second look."""

    identifier = TASKS

    def __init__(self):
        self.tasks = {}

    def methods(self):
        handlers = {"tasks/get": self.get, "tasks/update": self.update, "tasks/cancel": self.cancel}
        return [MethodBinding(name, TaskParams, handler) for name, handler in handlers.items()]

    async def intercept_tool_call(self, params, ctx, call_next):
        declared = ctx.session.client_capabilities
        if params.name not in ("slow", "asks") or TASKS not in ((declared and declared.extensions) or {}):
            return await call_next(ctx)
        task = {"status": "working", "createdAt": "2026-12-01T00:00:00Z", "lastUpdatedAt": "2026-12-01T00:00:00Z", "ttlMs": 60_000}
        task["taskId"] = secrets.token_hex(8)
        self.tasks[task["taskId"]] = task
        if params.name == "asks":
            question = {"method": "elicitation/create", "params": {"message": "Who?", "requestedSchema": FORM}}
            task.update(status="input_required", inputRequests={"who": question})
        return {**{name: value for name, value in task.items() if name != "inputRequests"}, "status": "working", "resultType": "task"}

    def known(self, params):
        task = self.tasks.get(params.task_id)
        if task is None:
            raise MCPError(-32602, f"No task {params.task_id}")
        return task

    def finish(self, task, text):
        task.pop("inputRequests", None)
        task.update(status="completed", result={"content": [{"type": "text", "text": text}], "isError": False})

    async def get(self, ctx, params):
        task = self.known(params)
        seen = {**task, "resultType": "complete"}
        if task["status"] == "working":
            self.finish(task, "slowly done")
        return seen

    async def update(self, ctx, params):
        answer = params.model_extra["inputResponses"]["who"]
        self.finish(self.known(params), f"Hello, {answer['content']['name']}")
        return {"resultType": "complete"}

    async def cancel(self, ctx, params):
        self.known(params)["status"] = "cancelled"
        return {"resultType": "complete"}


apps = Apps()


@apps.tool(resource_uri="ui://clock/app.html", description="The time")
def clock() -> str:
    return "noon"


apps.add_html_resource("ui://clock/app.html", "<p>noon</p>")
server = MCPServer("extensions", extensions=[apps, Tasks()])


@server.tool()
def slow() -> str:
    return "at once"


@server.tool()
def asks() -> str:
    return "nobody asked"


program.serve(server.streamable_http_app(), program.arguments())
