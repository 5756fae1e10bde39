"""The person in front of an SDK client, and their browser: follows the address that the SDK shows, and hands back where that leads.

All else is the SDK's own: it finds the authorization server, registers, and asks for tokens. What it keeps is kept as long as the program.
"""

import asyncio
import http.client
from urllib.parse import parse_qs, urlsplit

from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientMetadata

try:
    from mcp.shared.auth import AuthorizationCodeResult
except ImportError:  # 1.x takes a pair
    AuthorizationCodeResult = None

CALLBACK = "http://localhost:1/callback"  # nobody listens: the browser stops before it


class Storage:
    """Keeps tokens and the registration."""

    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


class Person:
    """Goes where the SDK says."""

    answer: dict[str, str] = {}

    async def visit(self, url: str) -> None:
        self.answer = await asyncio.to_thread(self._follow, url)

    @staticmethod
    def _follow(url: str) -> dict[str, str]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        where = response.getheader("location", "")
        if response.status != 302 or not where.startswith(CALLBACK):
            raise RuntimeError(f"the authorization server says {response.status} {where} {response.read()!r}")
        return {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}

    async def come_back(self):
        code, state = self.answer["code"], self.answer.get("state")
        return AuthorizationCodeResult(code=code, state=state, iss=self.answer.get("iss")) if AuthorizationCodeResult else (code, state)


def provider(url: str) -> OAuthClientProvider:
    """The SDK's own OAuth client for a server."""
    metadata = OAuthClientMetadata(client_name="peer-tests", redirect_uris=[CALLBACK])
    person = Person()
    return OAuthClientProvider(url, metadata, Storage(), redirect_handler=person.visit, callback_handler=person.come_back)
