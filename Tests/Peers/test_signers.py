"""What signs requests in the tests, and the client of the page about it, against signatures that others print."""

import re
from pathlib import Path

from harness import signers

PAGE = Path(__file__).resolve().parents[2] / "docs" / "signed-requests.md"


def blocks(language: str) -> list[str]:
    """What stands on the page between fences of a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


def test_signatures_are_those_that_the_projects_print():
    signers.check_vectors()


def test_the_client_of_the_page_signs_as_the_signers_do():
    names: dict = {"__name__": "client"}
    exec(blocks("python")[0], names)
    fields = names["signed_fields"]("bot", "a secret", "POST", "/mcp/orders?b=2", b"{}")
    signed = ["date", "@request-target", "x-nonce", "digest"]
    text = signers.kong_text("POST", "/mcp/orders?b=2", fields, signed)
    assert f'signature="{signers.code("a secret", text)}"' in fields["authorization"]
    assert fields["digest"] == signers.digest(b"{}")


def test_the_texts_of_the_page_are_those_of_the_signers():
    date, nonce = "Mon, 30 Nov 2026 00:00:00 GMT", "3b8c1d5e"
    fields = {"date": date, "x-nonce": nonce, "digest": signers.digest(b"{}")}
    ca = {
        "accept": "application/json", "content-type": "application/json", "content-md5": "mZFLkyvTelC5g8XnyQrpOw==",
        "x-ca-key": "support-bot", "x-ca-nonce": nonce, "x-ca-timestamp": "1795996800000",
    }  # fmt: skip
    target, names = "/mcp/orders?b=2&a=1", ["x-ca-key", "x-ca-timestamp", "x-ca-nonce"]
    assert blocks("") == [
        signers.ca_text("POST", target, ca, names, b"{}") + "\n",
        signers.apisix_text("support-bot", "POST", target, fields, ["@request-target", "date", "x-nonce", "digest"]),
        signers.kong_text("POST", target, fields, ["date", "@request-target", "x-nonce", "digest"]) + "\n",
    ]
