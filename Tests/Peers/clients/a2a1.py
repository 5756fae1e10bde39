"""A2A's SDK of 1.x as a client: `{"url", "binding", "key", "streaming"}`; see driver.py."""

import uuid
from types import SimpleNamespace

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import a2a_pb2 as a2a
from google.protobuf.json_format import MessageToDict, ParseDict

import driver
from a2a_words import event, gather, perform, task


async def connect(stack, target):
    headers = {"x-api-key": target["key"]} if target.get("key") else {}
    http = await stack.enter_async_context(httpx.AsyncClient(headers=headers, timeout=30))
    card = await A2ACardResolver(http, target["url"]).get_agent_card()
    config = ClientConfig(
        streaming=target.get("streaming", True), httpx_client=http, supported_protocol_bindings=[target["binding"]], use_client_preference=True
    )
    client = ClientFactory(config).create(card)
    stack.push_async_callback(client.close)

    def message(command):
        return ParseDict(
            {
                "messageId": str(uuid.uuid4()),
                "role": "ROLE_USER",
                "parts": command["parts"],
                **({"taskId": command["task"]} if "task" in command else {}),
                **({"contextId": command["context"]} if "context" in command else {}),
            },
            a2a.Message(),
        )

    async def events(stream):
        async for one in stream:
            yield event(MessageToDict(one))

    async def send(command):
        request = a2a.SendMessageRequest(message=message(command))
        request.configuration.return_immediately = command.get("immediately", False)
        if "push" in command:
            ParseDict(command["push"], request.configuration.task_push_notification_config)
        return await gather(events(client.send_message(request)), command)

    async def subscribe(command):
        return await gather(events(client.subscribe(a2a.SubscribeToTaskRequest(id=command["task"]))), command)

    async def get(command):
        return task(MessageToDict(await client.get_task(a2a.GetTaskRequest(id=command["task"]))))

    async def stop(command):
        return task(MessageToDict(await client.cancel_task(a2a.CancelTaskRequest(id=command["task"]))))

    async def list_(command):
        page = await client.list_tasks(a2a.ListTasksRequest(page_size=command.get("size", 50), page_token=command.get("token", "")))
        return {"tasks": [task(MessageToDict(one)) for one in page.tasks], "token": page.next_page_token, "total": page.total_size}

    async def push(command):
        made = await client.create_task_push_notification_config(ParseDict(command["push"], a2a.TaskPushNotificationConfig()))
        all_ = await client.list_task_push_notification_configs(a2a.ListTaskPushNotificationConfigsRequest(task_id=made.task_id))
        return {"id": made.id, "count": len(all_.configs)}

    async def extended(_):
        return MessageToDict(await client.get_extended_agent_card(a2a.GetExtendedAgentCardRequest()))

    async def read(_):
        return MessageToDict(card)

    commands = {"send": send, "subscribe": subscribe, "get": get, "stop": stop, "list": list_, "push": push, "extended": extended}
    return SimpleNamespace(version="1.0", card=read, **commands)


driver.main(connect, perform)
