"""FastMCP 4 serving the same description, set up to be as fast as it can be: uvicorn with uvloop and httptools, no access log,
JSON answers instead of event streams, a client that keeps as many connections as there are callers. One process keeps
handshake sessions, which is the quicker way (without them every call makes a server session anew); several cannot share them.

    python fastmcp_server.py DESCRIPTION UPSTREAM PORT PROCESSES
"""

import os
import sys
from pathlib import Path

import httpx2
import uvicorn
import yaml
from fastmcp import FastMCP
from starlette.responses import PlainTextResponse


def make():
    """The application of one process."""
    client = httpx2.AsyncClient(
        base_url=os.environ["BENCHMARK_UPSTREAM"],
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60),
    )
    description = yaml.safe_load(Path(os.environ["BENCHMARK_DESCRIPTION"]).read_text())
    server = FastMCP.from_openapi(description, client=client, name="items")

    @server.custom_route("/process", methods=["GET"])
    async def process(_):
        """Which process answers: tells the benchmark when all of them do."""
        return PlainTextResponse(str(os.getpid()))

    is_alone = os.environ["BENCHMARK_PROCESSES"] == "1"
    return server.http_app(path="/mcp", json_response=True, stateless_http=not is_alone)


if __name__ == "__main__":
    description, upstream, port, processes = sys.argv[1:]
    os.environ["BENCHMARK_DESCRIPTION"] = description
    os.environ["BENCHMARK_UPSTREAM"] = upstream
    os.environ["BENCHMARK_PROCESSES"] = processes
    uvicorn.run(
        "fastmcp_server:make",
        factory=True,
        app_dir=str(Path(__file__).parent),
        host="127.0.0.1",
        port=int(port),
        workers=int(processes),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
