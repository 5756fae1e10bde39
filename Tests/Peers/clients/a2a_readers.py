"""What A2A's SDK makes of the examples of the hub's own tests: prints how many it read, and a line for each that it refused.

The SDK of 1.x reads what is of 1.0, and the protocol buffers of 0.3 that it still carries; that of 0.3 what is of the JSON schema of 0.3.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[2] / "A2ABridgeTests" / "Golden"
METHODS = {
    "SendMessage": "message/send", "SendStreamingMessage": "message/stream", "GetTask": "tasks/get", "CancelTask": "tasks/cancel",
    "SubscribeToTask": "tasks/resubscribe", "CreateTaskPushNotificationConfig": "tasks/pushNotificationConfig/set",
    "GetTaskPushNotificationConfig": "tasks/pushNotificationConfig/get",
    "ListTaskPushNotificationConfigs": "tasks/pushNotificationConfig/list",
    "DeleteTaskPushNotificationConfig": "tasks/pushNotificationConfig/delete",
    "GetExtendedAgentCard": "agent/getAuthenticatedExtendedCard",
}  # fmt: skip


def newer() -> dict:
    """Readers of the SDK of 1.x by file, spelling and operation. What they do not know is an error, but for cards of both versions."""
    from a2a.client.card_resolver import parse_agent_card
    from a2a.compat.v0_3 import a2a_v0_3_pb2 as old
    from a2a.types import a2a_pb2 as new
    from google.protobuf.empty_pb2 import Empty
    from google.protobuf.json_format import ParseDict

    def of(kind):
        return lambda json: ParseDict(json, kind())

    readers = {("cards", "v1_0", None): of(new.AgentCard), ("cards", "both", None): parse_agent_card}
    types = {"parts": "Part", "messages": "Message", "statuses": "TaskStatus", "tasks": "Task", "events": "StreamResponse"}
    for file, name in types.items():
        readers[file, "v1_0", None] = of(getattr(new, name))
        readers[file, "v0_3Proto", None] = of(getattr(old, name))
    for operation in [*METHODS, "ListTasks"]:
        name = operation.replace("Streaming", "")
        named = new.TaskPushNotificationConfig if name.startswith("Create") else getattr(new, name + "Request")
        readers["requests", "v1_0", operation] = of(named)
    for operation in ["SendMessage", "SendStreamingMessage"]:
        readers["requests", "v0_3Proto", operation] = of(old.SendMessageRequest)
    readers["requests", "v0_3Proto", "CreateTaskPushNotificationConfig"] = of(old.CreateTaskPushNotificationConfigRequest)
    lists = (new.ListTaskPushNotificationConfigsResponse, old.ListTaskPushNotificationConfigResponse)
    for spelling, types, pushes in [("v1_0", new, lists[0]), ("v0_3Proto", old, lists[1])]:
        readers["results", spelling, "SendMessage"] = of(types.SendMessageResponse)
        readers["results", spelling, "SubscribeToTask"] = of(types.StreamResponse)
        readers["results", spelling, "GetTask"] = readers["results", spelling, "CancelTask"] = of(types.Task)
        readers["results", spelling, "GetTaskPushNotificationConfig"] = of(types.TaskPushNotificationConfig)
        readers["results", spelling, "ListTaskPushNotificationConfigs"] = of(pushes)
        readers["results", spelling, "DeleteTaskPushNotificationConfig"] = of(Empty)
    readers["results", "v1_0", "ListTasks"] = of(new.ListTasksResponse)
    return readers


def older() -> dict:
    """Readers of the SDK of 0.3."""
    from a2a import types

    def result(kind):
        return lambda json: kind.model_validate({"jsonrpc": "2.0", "id": 1, "result": json})

    def request(method):
        return lambda json: types.A2ARequest.model_validate({"jsonrpc": "2.0", "id": 1, "method": method, "params": json})

    event, card = types.SendStreamingMessageSuccessResponse, types.AgentCard.model_validate
    readers = {("cards", "v0_3", None): card, ("cards", "both", None): card, ("events", "v0_3", None): result(event)}
    for file, kind in {"parts": types.Part, "messages": types.Message, "statuses": types.TaskStatus, "tasks": types.Task}.items():
        readers[file, "v0_3", None] = kind.model_validate
    for operation, method in METHODS.items():
        readers["requests", "v0_3", operation] = request(method)
        if hasattr(types, operation + "SuccessResponse"):
            readers["results", "v0_3", operation] = result(getattr(types, operation + "SuccessResponse"))
    readers["results", "v0_3", "SubscribeToTask"] = result(event)
    readers["results", "v0_3", "ListTaskPushNotificationConfigs"] = result(types.ListTaskPushNotificationConfigSuccessResponse)
    return readers


def main() -> None:
    readers = newer() if version("a2a-sdk").startswith("1.") else older()
    read = 0
    for file in ["parts", "messages", "statuses", "tasks", "events", "requests", "results", "cards"]:
        for example in json.loads((GOLDEN / f"{file}.json").read_text()):
            for spelling in ["v1_0", "v0_3", "v0_3Proto", "both"]:
                reader = readers.get((file, spelling, example.get("operation")))
                if reader is None or spelling not in example:
                    continue
                try:
                    reader(example[spelling])
                    read += 1
                except Exception as error:  # whatever it is, the example is refused
                    print(f"{file}: {example['name']} as {spelling}: {error}", file=sys.stderr)
    print(read)


main()
