"""Issuers of tokens: keys of every kind, tokens by PyJWT and by hand, and a small server that publishes key sets."""

import asyncio
import base64
import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from harness.background import Background, read_request

AUDIENCE = "hub"
SECRET = "a secret of 64 bytes or more, shared by the issuer and the hub.."


def base64url(data: bytes) -> str:
    """Without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A private key with a name, and the public one as an issuer publishes it."""

    def __init__(self, name: str, private, algorithm: str):
        self.name = name
        self.private = private
        self.algorithm = algorithm

    @property
    def public(self) -> dict:
        """The JSON Web Key."""
        jwk = jwt.get_algorithm_by_name(self.algorithm).to_jwk(self.private.public_key(), as_dict=True)
        return {**jwk, "kid": self.name, "use": "sig", "key_ops": ["verify"]}

    def sign(self, data: bytes, algorithm: str | None = None) -> bytes:
        """The signature as it stands in a token."""
        return jwt.get_algorithm_by_name(algorithm or self.algorithm).sign(data, self.private)


def rsa_key(name: str) -> Key:
    """A new RSA key."""
    return Key(name, rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256")


R1, R2, STRANGER = rsa_key("r1"), rsa_key("r2"), rsa_key("r1")
E256 = Key("e256", ec.generate_private_key(ec.SECP256R1()), "ES256")
E384 = Key("e384", ec.generate_private_key(ec.SECP384R1()), "ES384")
E521 = Key("e521", ec.generate_private_key(ec.SECP521R1()), "ES512")
ED = Key("ed", ed25519.Ed25519PrivateKey.generate(), "EdDSA")
KEYS = [R1, R2, E256, E384, E521, ED]
BY_ALGORITHM = {
    **{name: R1 for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")},
    **{"ES256": E256, "ES384": E384, "ES512": E521, "EdDSA": ED},
}


def claims(**changes) -> dict:
    """Claims of a good token; a change to None takes one out."""
    now = int(time.time())
    good = {
        "iss": "https://issuer.test",
        "aud": AUDIENCE,
        "sub": "alice",
        "iat": now,
        "exp": now + 600,
        "azp": "support-bot",
        "realm_access": {"roles": ["staff"]},
        **changes,
    }
    return {name: value for name, value in good.items() if value is not None}


def signed(algorithm="RS256", key: Key | str | None = None, name: str | None = None, typ="JWT", **changes) -> str:
    """A token by PyJWT."""
    key = key or BY_ALGORITHM[algorithm]
    header = {"typ": typ} if isinstance(key, str) else {"typ": typ, "kid": name or key.name}
    return jwt.encode(claims(**changes), key if isinstance(key, str) else key.private, algorithm, header)


def forged(header: dict | str | None = None, payload: dict | str | None = None, key=R1, algorithm=None, signature=None) -> str:
    """A token by hand: `header` is changes to a good one, or its text; `payload` the claims, or their text; `signature` replaces the key's."""
    if not isinstance(header, str):
        full = {"alg": algorithm or key.algorithm, "kid": key.name, "typ": "JWT", **(header or {})}
        header = json.dumps({name: value for name, value in full.items() if value is not None})
    if not isinstance(payload, str):
        payload = json.dumps(payload or claims())
    start = f"{base64url(header.encode())}.{base64url(payload.encode())}"
    return f"{start}.{base64url(key.sign(start.encode(), algorithm) if signature is None else signature)}"


class KeySetServer:
    """Publishes a key set, or something else, and counts who asks."""

    def __init__(self, background: Background, *keys: Key, port=0):
        self.background = background
        self.fetches = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.publish(*keys)
        self.port = background.listen(self._serve, port)
        self.url = f"http://127.0.0.1:{self.port}/keys"

    def publish(self, *keys: Key) -> None:
        """These keys from now on."""
        self.answer(200, json.dumps({"keys": [key.public for key in keys]}).encode())

    def hold(self) -> None:
        """Answers nobody until `release`."""
        self.background.loop.call_soon_threadsafe(self.gate.clear)

    def release(self) -> None:
        """Answers those who wait, and all others."""
        self.background.loop.call_soon_threadsafe(self.gate.set)

    def answer(self, status: int, body: bytes, fields=b"content-type: application/jwk-set+json\r\n") -> None:
        """This answer from now on; the status 0 closes the connection instead."""
        self.response = status, b"HTTP/1.1 %d X\r\n%bcontent-length: %d\r\n\r\n" % (status, fields, len(body)) + body

    async def _serve(self, reader, writer):
        while True:
            await read_request(reader)
            self.fetches += 1
            await self.gate.wait()
            status, response = self.response
            if status == 0:
                return
            writer.write(response)
            await writer.drain()
