"""A2A's last SDK of 0.3 as a client: `{"url", "binding", "key", "streaming"}`; see driver.py."""

import uuid
from types import SimpleNamespace

import httpx
from a2a import types as a2a
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory

import driver
from a2a_words import event, gather, perform, task


async def connect(stack, target):
    headers = {"x-api-key": target["key"]} if target.get("key") else {}
    http = await stack.enter_async_context(httpx.AsyncClient(headers=headers, timeout=30))
    card = await A2ACardResolver(http, target["url"]).get_agent_card()
    config = ClientConfig(
        streaming=target.get("streaming", True), httpx_client=http, supported_transports=[target["binding"]], use_client_preference=True
    )
    client = ClientFactory(config).create(card)
    wire = lambda model: model.model_dump(mode="json", by_alias=True, exclude_none=True)

    def part(json):
        if "data" in json:
            return {"kind": "data", "data": json["data"]}
        return {"kind": "text", "text": json["text"]}

    async def events(stream):
        async for one in stream:
            # A task and what changed it, the first of which is the task alone; or a message.
            changed = one[1] or one[0] if isinstance(one, tuple) else one
            yield event(wire(changed))

    async def send(command):
        message = a2a.Message.model_validate(
            {
                "messageId": str(uuid.uuid4()),
                "role": "user",
                "parts": [part(one) for one in command["parts"]],
                **({"taskId": command["task"]} if "task" in command else {}),
                **({"contextId": command["context"]} if "context" in command else {}),
            }
        )
        if command.get("immediately"):
            client._config.polling = True
        try:
            return await gather(events(client.send_message(message)), command)
        finally:
            client._config.polling = False

    async def subscribe(command):
        return await gather(events(client.resubscribe(a2a.TaskIdParams(id=command["task"]))), command)

    async def get(command):
        return task(wire(await client.get_task(a2a.TaskQueryParams(id=command["task"]))))

    async def stop(command):
        return task(wire(await client.cancel_task(a2a.TaskIdParams(id=command["task"]))))

    async def push(command):
        given = dict(command["push"])
        made = await client.set_task_callback(
            a2a.TaskPushNotificationConfig.model_validate({"taskId": given.pop("taskId"), "pushNotificationConfig": given})
        )
        return {"id": made.push_notification_config.id, "count": 1}

    async def extended(_):
        return wire(await client.get_card())

    async def read(_):
        return wire(card)

    commands = {"send": send, "subscribe": subscribe, "get": get, "stop": stop, "push": push, "extended": extended}
    return SimpleNamespace(version="0.3", card=read, **commands)


driver.main(connect, perform)
