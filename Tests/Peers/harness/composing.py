"""MCP servers behind the hub: how tests name them, and the configurations that include them."""

import time

import pytest

from harness.conformance.wire import ModernWire


def expected(names, known: dict[str, str]) -> list:
    """Parameters, those among them marked that the hub does not pass yet, with the reason. Strict: what passes must go from the table."""
    marks = {name: [pytest.mark.xfail(reason=reason, strict=True)] for name, reason in known.items()}
    return [pytest.param(name, marks=marks.get(name, []), id=name) for name in names]


EVERYTHING = {"tools": ["*"], "prompts": ["*"], "resources": ["*"]}


def included(server: str, prefix: str | None = None, **what) -> dict:
    """One include of a virtual server."""
    return {"server": server, **(what or EVERYTHING), **({"prefix": prefix} if prefix else {})}


def composed(servers: dict[str, dict], prefixes=False, **virtual) -> dict:
    """A configuration with these servers, unexposed, all in the virtual server `all`; `prefixes` puts `NAME_` before names."""
    hidden = {name: {"expose": False, **server} for name, server in servers.items()}
    includes = [included(name, f"{name}_" if prefixes else None) for name in servers]
    return {"servers": hidden, "virtualServers": {"all": {"include": includes}, **virtual}}


def settled(holds, limit=20) -> bool:
    """Asks until something holds; each asking is a request of its own."""
    deadline = time.monotonic() + limit
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)  # nobody says when a server has been found; the next request is what finds out
    return held


def tools(hub, server="all") -> set[str]:
    """The names of a server's tools."""
    with ModernWire(hub.mcp(server)) as client:
        return {tool["name"] for tool in client.ask("tools/list").result["tools"]}


def await_tools(hub, wanted: set[str], server="all") -> None:
    """Waits until tools are listed: servers that are slow to start are found after the hub serves."""
    assert settled(lambda: wanted <= tools(hub, server), limit=60), wanted - tools(hub, server)
