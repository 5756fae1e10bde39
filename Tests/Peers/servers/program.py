"""What the programs of the fixture servers share: the command line, and serving an ASGI application on a port of its own.

PROGRAM http [--port N] [--era handshake|modern] [--fault NAME] [--page N] [--scheme S]
    prints {"port": N} and serves /mcp
PROGRAM stdio [--page N] [--scheme S] [--state FILE]
    serves standard input and output
"""

import argparse
import json
import socket
import sys

from faults import FAULTS, Faults, OneEra


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("transport", choices=["http", "stdio"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--era", choices=["handshake", "modern"], help="serve this era alone, where the SDK knows both")
    parser.add_argument(
        "--fault", choices=sorted(FAULTS), help="do this one thing wrong; over HTTP, /faults/NAME/mcp does so too"
    )
    parser.add_argument("--page", type=int, default=0, help="how many items a page of a list has")
    parser.add_argument("--scheme", default="test", help="what the addresses of resources begin with")
    parser.add_argument("--state", help="a file that processes share what their tools change by")
    return parser.parse_args()


def serve(app, options) -> None:
    """Serves until told to stop."""
    import uvicorn

    listener = socket.create_server(("127.0.0.1", options.port))
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    if options.era:
        app = OneEra(app, options.era)
    settings = uvicorn.Config(Faults(app, options.fault), log_level="error", timeout_graceful_shutdown=1, access_log=False, timeout_keep_alive=60)
    uvicorn.Server(settings).run(sockets=[listener])
    sys.exit(0)
