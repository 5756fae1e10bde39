"""FastMCP's server behind OAuth: with FastMCP's own authorization server beside it, or with one elsewhere whose tokens it checks.

PROGRAM [--issuer URL]
    prints {"port": N}, serves /mcp, and takes orders at /state
"""

import argparse
import json
import socket
import time

import uvicorn
from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.auth import ClientRegistrationOptions
from fastmcp.server.auth.providers import in_memory
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.server.dependencies import get_access_token
from starlette.responses import JSONResponse

SCOPES = ["read", "write"]

parser = argparse.ArgumentParser()
parser.add_argument("--issuer")
options = parser.parse_args()
listener = socket.create_server(("127.0.0.1", 0))
url = f"http://127.0.0.1:{listener.getsockname()[1]}"


class Provider(in_memory.InMemoryOAuthProvider):
    """FastMCP's, which also keeps what it was asked: refresh tokens as they came, and those that came although they had been used."""

    used: list[str] = []
    replayed: list[str] = []

    async def load_refresh_token(self, client, refresh_token):
        if refresh_token in self.used:
            self.replayed.append(refresh_token)
        return await super().load_refresh_token(client, refresh_token)

    async def exchange_refresh_token(self, client, refresh_token, scopes):
        self.used.append(refresh_token.token)
        return await super().exchange_refresh_token(client, refresh_token, scopes)


if options.issuer:
    verifier = JWTVerifier(jwks_uri=f"{options.issuer}/keys", issuer=options.issuer, audience=f"{url}/mcp", required_scopes=["read"])
    auth = RemoteAuthProvider(token_verifier=verifier, authorization_servers=[options.issuer], base_url=url)
else:
    registration = ClientRegistrationOptions(enabled=True, valid_scopes=SCOPES, default_scopes=SCOPES)
    auth = Provider(base_url=url, client_registration_options=registration, required_scopes=["read"])

server = FastMCP("signed", auth=auth)
wanted: set[str] = set()
refused: set[str] = set()


@server.tool
def whoami() -> dict:
    """Whose token it was"""
    token = get_access_token()
    return {"client": token.client_id, "scopes": sorted(token.scopes)}


@server.custom_route("/state", methods=["GET", "POST"])
async def state(request):
    """What was issued, after changes."""
    order = await request.json() if request.method == "POST" else {}
    if options.issuer:
        return JSONResponse({})
    if "life" in order:
        in_memory.DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS = order["life"]
    if order.get("refuse"):
        refused.update(auth.access_tokens)
    if order.get("signOut"):
        for kept in (auth.access_tokens, auth.refresh_tokens):
            kept.clear()
    wanted.update(order.get("want", []))
    return JSONResponse(
        {
            "clients": [client.model_dump(mode="json") for client in auth.clients.values()],
            "access": list(auth.access_tokens),
            "refresh": list(auth.refresh_tokens),
            "used": auth.used,
            "replayed": auth.replayed,
            "now": time.time(),
        }
    )


class Wants:
    """Refuses tokens that were revoked, and those without the scopes that calls of tools have come to need."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        fields = dict(scope.get("headers", []))
        token = fields.get(b"authorization", b"").decode().removeprefix("Bearer ")
        if scope["type"] == "http" and scope["path"] == "/mcp" and token:
            known = None if options.issuer else auth.access_tokens.get(token)
            if token in refused:
                return await self.refuse(send, 401, 'Bearer error="invalid_token"')
            if wanted and known is not None and not wanted <= set(known.scopes) and fields.get(b"mcp-method", b"") == b"tools/call":
                return await self.refuse(send, 403, f'Bearer error="insufficient_scope", scope="{" ".join(sorted(wanted))}"')
        await self.app(scope, receive, send)

    async def refuse(self, send, status, challenge):
        fields = [(b"www-authenticate", challenge.encode()), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": b""})


print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
settings = uvicorn.Config(Wants(server.http_app("/mcp")), log_level="error", timeout_graceful_shutdown=1, access_log=False)
uvicorn.Server(settings).run(sockets=[listener])
