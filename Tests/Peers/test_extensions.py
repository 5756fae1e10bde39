"""Extensions of MCP through the hub: tasks and pages of a server of the 2.x SDK, in a virtual server."""

import pytest

from harness.composing import included
from harness.hub import Hub
from harness.programs import Program
from harness.wire import META, ask, call, text

TASKS = "io.modelcontextprotocol/tasks"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
FOLLOWS = {**META, CAPABILITIES: {"elicitation": {}, "extensions": {TASKS: {}}}}
TOOLS = {"slow": ["slow"], "all": ["*"]}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The hub before the server of extensions: `all` has its tools, `slow` one of them."""
    program = Program("extensions")
    try:
        hub = Hub(
            tmp_path_factory.mktemp("hub"),
            {
                "servers": {"far": {"mcp": program.url, "expose": False}},
                "virtualServers": {name: {"include": [included("far", tools=tools)]} for name, tools in TOOLS.items()},
            },
        )
        yield hub
        hub.stop()
    finally:
        program.stop()


@pytest.fixture
def url(hub):
    return hub.mcp("all")


def begin(url: str, tool: str) -> str:
    """Calls a tool that becomes a task; the task's id."""
    result = ask(url, "tools/call", {"name": tool, "arguments": {}}, meta=FOLLOWS)["result"]
    assert (result["resultType"], result["status"]) == ("task", "working"), result
    return result["taskId"]


def follow(url: str, method: str, task: str, **more) -> dict:
    """The message that a method of tasks is answered with."""
    return ask(url, f"tasks/{method}", {"taskId": task, **more}, meta=FOLLOWS, mcp_name=task)


def test_a_call_that_became_a_task_is_followed_to_its_result(url):
    task = begin(url, "slow")
    assert len(task) > 16, "an id of the hub's"
    assert follow(url, "get", task)["result"]["status"] == "working"
    done = follow(url, "get", task)["result"]
    assert (done["resultType"], done["taskId"], done["status"]) == ("complete", task, "completed")
    assert text(done["result"]) == "slowly done"


def test_a_client_that_does_not_follow_tasks_gets_the_result_at_once(url):
    assert text(call(url, "slow")) == "at once"
    refused = ask(url, "tasks/get", {"taskId": "x"}, mcp_name="x")["error"]
    assert refused["code"] == -32021 and TASKS in refused["data"]["requiredCapabilities"]["extensions"]


def test_what_a_task_asks_is_answered_through_the_hub(url):
    task = begin(url, "asks")
    asked = follow(url, "get", task)["result"]
    assert asked["inputRequests"]["who"]["params"]["message"] == "Who?"
    answers = {"who": {"action": "accept", "content": {"name": "Lee"}}}
    assert follow(url, "update", task, inputResponses=answers)["result"]["resultType"] == "complete"
    assert text(follow(url, "get", task)["result"]["result"]) == "Hello, Lee"


def test_a_task_is_taken_back(url):
    task = begin(url, "slow")
    assert follow(url, "cancel", task)["result"]["resultType"] == "complete"
    assert follow(url, "get", task)["result"]["status"] == "cancelled"


def test_a_task_is_known_at_the_virtual_server_that_was_called_alone(hub, url):
    task = begin(url, "slow")
    for other in (task[:-2] + "AA", "nothing"):
        assert follow(url, "get", other)["error"] == {"code": -32602, "message": "Unknown task"}
    assert follow(hub.mcp("slow"), "get", task)["error"] == {"code": -32602, "message": "Unknown task"}


def test_extensions_are_declared_where_there_are_tools_of_the_server(url):
    extensions = ask(url, "server/discover")["result"]["capabilities"]["extensions"]
    assert set(extensions) == {TASKS, "io.modelcontextprotocol/ui"}


def test_a_page_is_read_where_a_tool_leads_to_it(hub, url):
    tools = {tool["name"]: tool for tool in ask(url, "tools/list")["result"]["tools"]}
    page = tools["clock"]["_meta"]["ui"]["resourceUri"]
    read = ask(url, "resources/read", {"uri": page}, mcp_name=page)["result"]["contents"][0]
    assert (read["mimeType"], read["text"]) == ("text/html;profile=mcp-app", "<p>noon</p>")
    assert ask(hub.mcp("slow"), "resources/read", {"uri": page}, mcp_name=page)["error"]["code"] == -32602
