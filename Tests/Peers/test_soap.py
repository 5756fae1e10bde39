"""A WSDL as an MCP server: spyne, which we did not write, is the service and describes itself."""

import base64
import hashlib
import json
import xml.etree.ElementTree as tree

import pytest

from harness.service import Service
from harness.soap import SoapService
from harness.wire import ask, call

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

ITEM = {
    "@id": "i-1",
    "name": "Käse <&> \"1\"",
    "price": "12.50",
    "count": 9007199254740993,
    "ratio": 0.5,
    "color": "green",
    "made": "2024-02-29",
    "changed": "2024-02-29T12:00:00+02:00",
    "blob": "AAEC/w==",
    "active": True,
    "notes": ["one", "two"],
}


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def service(request):
    """The service in each version of SOAP."""
    server = SoapService(request.param)
    yield server
    server.stop()


@pytest.fixture
def echo(start_hub, service, tmp_path):
    """The address of the MCP server that its WSDL came to."""
    (tmp_path / "echo.wsdl").write_bytes(service.wsdl())
    upstreams = {"echo": {"addresses": [service.url]}}
    return start_hub({"upstreams": upstreams, "servers": {"echo": {"wsdl": "echo.wsdl", "upstream": "echo"}}}).mcp("echo")


def answer(result: dict):
    """What a call came to."""
    assert not result.get("isError"), result
    return json.loads(result["content"][0]["text"])


def test_each_operation_is_a_tool(echo):
    tools = {tool["name"]: tool for tool in ask(echo, "tools/list")["result"]["tools"]}
    assert set(tools) == {"echo_item", "echo_items", "echo_tree", "say", "kind", "divide", "who", "epoch"}
    assert set(tools["say"]["inputSchema"]["properties"]) == {"words", "times", "headers"}


def test_a_value_of_every_kind_comes_back(echo):
    came = answer(call(echo, "echo_item", item=ITEM))["echo_itemResult"]
    assert came.pop("changed").replace("Z", "+00:00") in {"2024-02-29T12:00:00+02:00", "2024-02-29T10:00:00+00:00"}
    assert float(came.pop("price")) == 12.5
    assert int(came.pop("count")) == ITEM["count"]
    assert came == {name: value for name, value in ITEM.items() if name not in {"changed", "price", "count"}}


def test_what_is_left_out_stays_away_and_null_is_nil(echo):
    assert answer(call(echo, "kind", value=None))["kindResult"] == "nil"
    assert answer(call(echo, "kind", value=""))["kindResult"] in {"nil", "text of 0"}
    assert answer(call(echo, "kind", value="abc"))["kindResult"] == "text of 3"
    came = answer(call(echo, "echo_item", item={"name": "x"}))["echo_itemResult"]
    assert came["name"] == "x" and came.get("price") is None and not came.get("notes")


def test_lists(echo):
    came = answer(call(echo, "echo_items", items={"Item": [{"name": "a"}, {"name": "b", "count": 2}]}))["echo_itemsResult"]
    assert [item["name"] for item in came["Item"]] == ["a", "b"]
    assert answer(call(echo, "say", words="hi", times=3))["sayResult"]["string"] == ["hi", "hi", "hi"]
    assert answer(call(echo, "say", words="hi", times=1))["sayResult"]["string"] == ["hi"]


def test_a_value_that_holds_itself(echo):
    given = {"name": "root", "children": {"Tree": [{"name": "leaf"}, {"name": "branch", "children": {"Tree": [{"name": "leaf"}]}}]}}
    came = answer(call(echo, "echo_tree", tree=given))["echo_treeResult"]
    assert came["children"]["Tree"][1]["children"]["Tree"][0]["name"] == "leaf"


def test_a_fault_is_a_tool_error(echo):
    result = call(echo, "divide", a=1, b=0)
    assert result["isError"]
    text = result["content"][-1]["text"]
    assert "b must not be 0" in text and "DivisionByZero" in text
    assert answer(call(echo, "divide", a=1, b=4))["divideResult"] in {0.25, "0.25"}


def test_headers(echo):
    assert answer(call(echo, "who", headers={"Credentials": {"user": "u", "token": "t"}}))["whoResult"] == "u:t"
    assert answer(call(echo, "who"))["whoResult"] == "nobody"


def test_dates(echo):
    assert answer(call(echo, "epoch"))["epochResult"].startswith("1970-01-01T00:00:00")


@pytest.mark.parametrize(
    "tool, arguments, complaint",
    [
        ("divide", {"a": "one", "b": 1}, "a"),
        ("echo_item", {"item": {"name": "x", "nmae": "y"}}, "nmae"),
        ("echo_item", {"item": {"name": "x", "count": "many"}}, "count"),
        ("who", {"headers": {"Credential": {}}}, "Credential"),
        ("kind", {"value": "\u0000"}, "XML"),
    ],
)
def test_what_does_not_fit_is_named_before_anything_is_sent(echo, tool, arguments, complaint):
    result = call(echo, tool, **arguments)
    assert result["isError"] and complaint in result["content"][0]["text"], result


def test_markup_in_an_argument_stays_text(echo):
    words = "</words></soapenv:Body><!-- ]]> &amp; <!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;"
    assert answer(call(echo, "say", words=words, times=1))["sayResult"]["string"] == [words]


def test_a_description_by_address(start_hub, service):
    upstreams = {"echo": {"addresses": [service.url]}}
    hub = start_hub({"upstreams": upstreams, "servers": {"echo": {"wsdl": f"{service.url}/?wsdl", "upstream": "echo"}}})
    assert answer(call(hub.mcp("echo"), "kind", value="abc"))["kindResult"] == "text of 3"


class Listening(Service):
    """Keeps the envelopes that come, and says of each what its header holds: a double of a service behind WS-Security."""

    def __init__(self):
        super().__init__(self.refuse)
        self.envelopes: list[bytes] = []

    def refuse(self, request):
        self.envelopes.append(request.rfile.read(int(request.headers["content-length"])))
        password = tree.fromstring(self.envelopes[-1]).findtext(f".//{{{WSSE}}}Password")
        body = (
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>e:Client</faultcode>'
            f"<faultstring>no: {password}</faultstring></e:Fault></e:Body></e:Envelope>"
        )
        return 500, {"content-type": "text/xml"}, body.encode()


@pytest.mark.parametrize("digest", [False, True])
def test_a_user_name_token(start_hub, service, tmp_path, digest):
    """As the profile says (WS-Security UsernameToken Profile 1.1 §3.1), and never to be seen in an answer."""
    listening = Listening()
    (tmp_path / "echo.wsdl").write_bytes(service.wsdl())
    (tmp_path / "password").write_text("s3cret & more")
    security = {"username": "u", "password": "file:password", "digest": digest}
    server = {"wsdl": "echo.wsdl", "upstream": "echo", "soap": {"security": security}}
    hub = start_hub({"upstreams": {"echo": {"addresses": [listening.url]}}, "servers": {"echo": server}})
    texts = [call(hub.mcp("echo"), "kind", value="x")["content"][-1]["text"] for _ in range(2)]
    nonces = set()
    for envelope, text in zip(listening.envelopes, texts, strict=True):
        root = tree.fromstring(envelope)
        token = root.find(f"*/{{{WSSE}}}Security/{{{WSSE}}}UsernameToken")
        assert token.findtext(f"{{{WSSE}}}Username") == "u"
        password = token.find(f"{{{WSSE}}}Password")
        if digest:
            nonce, created = token.findtext(f"{{{WSSE}}}Nonce"), token.findtext(f"{{{WSU}}}Created")
            wanted = hashlib.sha1(base64.b64decode(nonce) + created.encode() + b"s3cret & more").digest()
            assert base64.b64decode(password.text) == wanted and password.attrib["Type"].endswith("#PasswordDigest")
            nonces.add(nonce)
        else:
            assert password.text == "s3cret & more" and password.attrib["Type"].endswith("#PasswordText")
        assert "no:" in text and "s3cret" not in text
    assert len(nonces) == (2 if digest else 0)
    listening.stop()
