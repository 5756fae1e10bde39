"""Signs requests in the three forms the hub takes (docs/signed-requests.md), with hashlib and hmac alone.

Each function gives the header fields to send beside those that are there. The vectors at the end are signatures that the forms' own
projects print (`test_signers`).
"""

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Iterable
from email.utils import formatdate
from urllib.parse import parse_qsl

FORM_TYPE = "application/x-www-form-urlencoded"
HASHES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


def base64_text(data: bytes) -> str:
    """Base64 with padding."""
    return base64.b64encode(data).decode()


def code(secret: str, text: str, algorithm="sha256") -> str:
    """The HMAC of a text, in base64."""
    return base64_text(hmac.new(secret.encode(), text.encode(), HASHES[algorithm]).digest())


def digest(body: bytes) -> str:
    """The value of `Digest`."""
    return "SHA-256=" + base64_text(hashlib.sha256(body).digest())


def lower(fields: dict[str, str]) -> dict[str, str]:
    """Fields by their names in lower case."""
    return {name.lower(): value for name, value in fields.items()}


def ca_text(method: str, target: str, fields: dict[str, str], signed: Iterable[str], body: bytes) -> str:
    """What the X-Ca form signs: five lines, the listed fields by name, path and parameters by name."""
    have = lower(fields)
    lines = [method, *(have.get(name, "") for name in ("accept", "content-md5", "content-type", "date"))]
    lines += [f"{name}:{have.get(name, '')}" for name in sorted(map(str.lower, signed))]
    path, _, query = target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    if have.get("content-type", "").startswith(FORM_TYPE):
        pairs += parse_qsl(body.decode(), keep_blank_values=True)
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name, value)
    parameters = "&".join(f"{name}={value}" for name, value in sorted(values.items()))
    return "\n".join([*lines, path + ("?" + parameters if parameters else "")])


def sign_ca(
    key: str, secret: str, method: str, target: str, fields: dict[str, str] | None = None, body=b"", *, at: float | None = None,
    nonce: str | None = None, algorithm="sha256", extra: Iterable[str] = (),
) -> dict[str, str]:  # fmt: skip
    """Form A (X-Ca): `extra` are fields of `fields` that are signed too."""
    fields = dict(fields or {})
    added = {
        "x-ca-key": key,
        "x-ca-timestamp": str(int((time.time() if at is None else at) * 1000)),
        "x-ca-nonce": nonce or str(uuid.uuid4()),
        "x-ca-signature-method": f"HmacSHA{algorithm.removeprefix('sha')}",
    }
    if body and not lower(fields).get("content-type", "").startswith(FORM_TYPE):
        added["content-md5"] = base64_text(hashlib.md5(body).digest())
    signed = [name for name in added if name != "content-md5"] + list(extra)
    added["x-ca-signature-headers"] = ",".join(signed)
    added["x-ca-signature"] = code(secret, ca_text(method, target, fields | added, signed, body), algorithm)
    return added


def date(at: float | None) -> str:
    """A date of HTTP."""
    return formatdate(time.time() if at is None else at, usegmt=True)


def apisix_text(key: str, method: str, target: str, fields: dict[str, str], signed: Iterable[str]) -> str:
    """What the scheme `Signature` signs: the key and the listed lines, each with a line feed."""
    have = lower(fields)
    lines = [key]
    for name in signed:
        if name == "@request-target":
            lines.append(f"{method} {target}")
        elif name.lower() in have:
            lines.append(f"{name}: {have[name.lower()]}")
    return "".join(line + "\n" for line in lines)


def sign_apisix(
    key: str, secret: str, method: str, target: str, fields: dict[str, str] | None = None, body=b"", *, at: float | None = None,
    algorithm="sha256", extra: Iterable[str] = (), nonce: str | None = None,
) -> dict[str, str]:  # fmt: skip
    """Form B (`Authorization: Signature`): a nonce makes two requests of one second different."""
    added = {"date": date(at), "x-nonce": nonce or str(uuid.uuid4())}
    signed = ["@request-target", "date", "x-nonce", *extra]
    if body:
        added["digest"] = digest(body)
        signed.append("digest")
    signature = code(secret, apisix_text(key, method, target, (fields or {}) | added, signed), algorithm)
    names = " ".join(signed)
    added["authorization"] = f'Signature keyId="{key}",algorithm="hmac-{algorithm}",headers="{names}",signature="{signature}"'
    return added


def kong_text(method: str, target: str, fields: dict[str, str], signed: Iterable[str], version="1.1") -> str:
    """What the scheme `hmac` signs: the listed lines, with line feeds between them."""
    have = lower(fields)
    lines = []
    for name in signed:
        if name.lower() in have:
            lines.append(f"{name}: {have[name.lower()]}")
        elif name == "@request-target":
            lines.append(f"{name}: {method.lower()} {target}")
        elif name == "request-line":
            lines.append(f"{method} {target} HTTP/{version}")
        else:
            lines.append(f"{name}:")
    return "\n".join(lines)


def sign_kong(
    key: str, secret: str, method: str, target: str, fields: dict[str, str] | None = None, body=b"", *, at: float | None = None,
    algorithm="sha256", extra: Iterable[str] = (), nonce: str | None = None, proxy=False, date_name="date",
) -> dict[str, str]:  # fmt: skip
    """Form C (`Authorization: hmac`, or `Proxy-Authorization` where `proxy`); `date_name` may be `x-date`."""
    added = {date_name: date(at), "x-nonce": nonce or str(uuid.uuid4())}
    signed = [date_name, "@request-target", "x-nonce", *extra]
    if body:
        added["digest"] = digest(body)
        signed.append("digest")
    signature = code(secret, kong_text(method, target, (fields or {}) | added, signed), algorithm)
    name = "proxy-authorization" if proxy else "authorization"
    names = " ".join(signed)
    added[name] = f'hmac username="{key}",algorithm="hmac-{algorithm}",headers="{names}",signature="{signature}"'
    return added


def check_vectors() -> None:
    """Holds the texts against signatures that the projects print."""
    ca_names = ["x-ca-key", "x-ca-nonce", "x-ca-timestamp"]
    json_type, form_type = {"accept": "application/json", "content-type": "application/json"}, {"content-type": FORM_TYPE}

    def ca_fields(nonce: str, timestamp: str) -> dict[str, str]:
        return {"accept": "application/json", "x-ca-key": "appKey", "x-ca-nonce": nonce, "x-ca-timestamp": timestamp}

    # Higress, plugins/wasm-cpp/extensions/hmac_auth/plugin_test.cc
    assert (
        code("appSecret", ca_text("GET", "/Third/Tools/checkSign", {"accept": "application/json"}, [], b""))
        == "ZpJhkHdtjLTJiR6CJWHL8ikLtPB2z6CoztG21wG3PT4="
    )
    fields = ca_fields("787dd0c2-7bd8-41cd-9c19-62c05ea524a2", "1646365291734") | json_type
    assert (
        code("appSecret", ca_text("GET", "/Third/Tools/checkSign", fields, ca_names, b""))
        == "EdJSFAMOWyXZOpXhevZnjuS0ZafnwnCqaSk5hz+tXo8="
    )
    fields = ca_fields("ca5a6753-b76c-4fff-a9d9-e5bb643e8cdf", "1646646682418") | form_type
    body = b"nickname=nickname&room_id=6893&uuid=uuid&photo=photo"
    assert (
        code("appSecret", ca_text("POST", "/Third/User/getNyAccessToken", fields, ca_names, body))
        == "gmf9xq0hc95Hmt+7G+OocS009ka3v1v0rvfshKzYc3w="
    )
    # Higress, plugins/wasm-go/extensions/hmac-auth-apisix/README_EN.md
    names, secret = ["@request-target", "date"], "2bda943c-ba2b-11ec-ba07-00163e1250b5"
    text = apisix_text("consumer1-key", "POST", "/foo", {"date": "Fri, 12 Sep 2025 23:53:18 GMT"}, names)
    assert code(secret, text) == "746z4VISwZehUwZdzTV486ZMMbBtakmMHKPfs/A4RdU="
    fields = {"date": "Sat, 13 Sep 2025 00:04:34 GMT", "x-custom-header-a": "test1", "x-custom-header-b": "test2"}
    text = apisix_text("consumer1-key", "POST", "/foo", fields, [*names, "x-custom-header-a", "x-custom-header-b"])
    assert code(secret, text) == "KoOlbkDIR/JzlKK47eURewnIpmhpkQU+KIyBUhqVfmo="
    assert digest(b"{}") == "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
    # Kong's documentation of hmac-auth
    text = kong_text("GET", "/requests", {"date": "Thu, 22 Jun 2017 17:15:21 GMT"}, ["date", "request-line"])
    assert code("secret", text) == "ujWCGHeec9Xd6UD2zlyxiNMCiXnDOWeVFMu5VeRUxtw="
