"""A server of the modern era over standard input and output without any SDK: it starts at once, and does one thing wrong if it is told to.

    plain_server.py NAME [WRONG]

It has the tool NAME, which gives the process, and `wait`. WRONG is one of
    stubborn    ignores the signal to end, and has a child that does so too
    garbage     writes lines that are no messages between its answers
    endless     begins a line that does not end when its tool is called
    noisy       writes much to standard error
    dies        ends when its tool is called
    deaf        reads nothing after the first list
    crashes     ends before it says anything
"""

import json
import os
import signal
import subprocess
import sys
import time

VERSION = "2026-07-28"
INFO = {"_meta": {"io.modelcontextprotocol/serverInfo": {"name": "plain", "version": "1"}}}
HINTS = {"ttlMs": 0, "cacheScope": "private"}


def say(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def answer(number, **members) -> None:
    say(json.dumps({"jsonrpc": "2.0", "id": number, **members}).encode() + b"\n")


def main(name: str, wrong: str = "") -> None:
    if wrong == "crashes":
        sys.exit("no /opt/secret/settings.json")
    if wrong == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    tools = [{"name": tool, "inputSchema": {"type": "object"}} for tool in [name, "wait"]]
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if "id" not in message:
            continue
        params = message.get("params") or {}
        if wrong == "noisy":
            sys.stderr.write("noise " * 20_000 + "\n")
        if wrong == "garbage":
            say(b'no json\n\n[]\n{"jsonrpc":"2.0","id":"nobody","result":{}}\n{"jsonrpc":"2.0","id":\n')
        match message["method"]:
            case "server/discover":
                found = {"supportedVersions": [VERSION], "capabilities": {"tools": {}}, **HINTS, **INFO}
                answer(message["id"], result={"resultType": "complete", **found})
            case "tools/list":
                answer(message["id"], result={"resultType": "complete", "tools": tools, **HINTS})
                if wrong == "deaf":
                    time.sleep(3600)
            case "tools/call" if wrong == "dies":
                os._exit(3)
            case "tools/call" if wrong == "endless":
                while True:
                    say(b"x" * 65536)
            case "tools/call":
                text = json.dumps({"name": params.get("name"), "pid": os.getpid(), "arguments": params.get("arguments")})
                answer(message["id"], result={"resultType": "complete", "content": [{"type": "text", "text": text}]})
            case _:
                answer(message["id"], error={"code": -32601, "message": "Method not found"})


main(*sys.argv[1:])
