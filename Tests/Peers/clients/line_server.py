"""An MCP server over lines, by hand: it says what it was started with, and changes what it lists when told.

Its tools are those it is given, or the usual ones."""

import json
import os
import sys
import time

TOOLS = sys.argv[1:] or ["where", "variable", "grow", "die"]


def tool(name: str) -> dict:
    properties = {"name": {"type": "string"}} if name == "variable" else {}
    hints = {"readOnlyHint": True} if name == "where" else {"destructiveHint": False} if name == "variable" else {}
    return {"name": name, "inputSchema": {"type": "object", "properties": properties}, "annotations": hints}


def say(message: dict) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def call(name: str, arguments: dict) -> str:
    match name:
        case "where":
            return f"{os.getcwd()} {os.getpid()}"
        case "variable":
            return os.environ.get(arguments["name"], "(unset)")
        case "grow":
            TOOLS.append("grown")
            say({"method": "notifications/tools/list_changed"})
            return "grown"
        case "die":
            sys.exit(1)
        case "memory":
            return str(len(bytearray(1 << 30)))
        case "time":
            while True:
                pass
        case "files":
            return str(open_files())
        case "processes":
            return spread()
    return name


def open_files() -> int:
    count = 0
    try:
        for count in range(1000):
            os.open("/dev/null", os.O_RDONLY)
    except OSError:
        pass
    return count


def spread() -> str:
    with open("children", "a") as children:
        for _ in range(200):
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            children.write(f"{child}\n")
            children.flush()
    time.sleep(60)
    return "all of them live"


def result(method: str, params: dict) -> dict | None:
    match method:
        case "initialize":
            capabilities = {"tools": {"listChanged": True}, "prompts": {}, "resources": {}}
            return {"protocolVersion": "2025-06-18", "capabilities": capabilities, "serverInfo": {"name": "lines", "version": "1"}}
        case "tools/list":
            return {"tools": [tool(name) for name in TOOLS]}
        case "prompts/list":
            return {"prompts": [{"name": "greet", "description": "Greets"}]}
        case "prompts/get":
            return {"messages": [{"role": "user", "content": {"type": "text", "text": "Hello"}}]}
        case "resources/list":
            return {"resources": [{"uri": "test://one", "name": "one"}]}
        case "resources/templates/list":
            return {"resourceTemplates": [{"uriTemplate": "test://{name}", "name": "any"}]}
        case "resources/read":
            return {"contents": [{"uri": params["uri"], "text": params["uri"]}]}
        case "tools/call":
            return {"content": [{"type": "text", "text": call(params["name"], params.get("arguments") or {})}]}
        case "ping":
            return {}
    return None


print("line server started", file=sys.stderr)
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message or "method" not in message:
        continue
    answer = result(message["method"], message.get("params") or {})
    error = {"error": {"code": -32601, "message": "Method not found"}}
    say({"id": message["id"], **({"result": answer} if answer is not None else error)})
