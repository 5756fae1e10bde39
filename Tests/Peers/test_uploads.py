"""Files and forms as werkzeug reads them: content, names, media types and headers of every part."""

import base64
import json

import pytest
from werkzeug.formparser import parse_form_data

from harness.service import Service
from harness.wire import ask, call

BYTES = bytes(range(256)) + "\r\n--hubd é".encode()
BASE64 = base64.b64encode(BYTES).decode()


class Upstream(Service):
    """Keeps what each request brought."""

    def __init__(self):
        super().__init__(self.keep)

    def keep(self, request):
        self.type = request.headers["Content-Type"]
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": self.type,
            "CONTENT_LENGTH": request.headers["Content-Length"],
            "wsgi.input": request.rfile,
        }
        stream, self.fields, self.files = parse_form_data(environ, silent=False)
        self.raw = stream.read()
        return 204, {}, b""

    def parts(self, name: str) -> list[tuple]:
        """File name, media type and content of each file part of a name."""
        return [(file.filename, file.content_type, file.read()) for file in self.files.getlist(name)]


@pytest.fixture
def upstream():
    upstream = Upstream()
    yield upstream
    upstream.stop()


@pytest.fixture
def uploads(start_hub, upstream):
    return start_hub(
        {"upstreams": {"api": {"addresses": [upstream.url]}}, "servers": {"up": {"openapi": "uploads.openapi.yaml", "upstream": "api"}}}
    ).mcp("up")


@pytest.mark.parametrize(
    "given, name, kind, content",
    [
        (BASE64, "file", "image/png", BYTES),
        (f"data:image/gif;base64,{BASE64}", "file", "image/gif", BYTES),
        ("data:text/csv;charset=utf-8,a%2Cé%0A", "file", "text/csv; charset=utf-8", "a,é\n".encode()),
        ({"data": BASE64, "name": "photo é.jpg", "mimeType": "image/jpeg"}, "photo é.jpg", "image/jpeg", BYTES),
        ({"data": "data:,x", "name": 'a"b;c.txt'}, 'a"b;c.txt', "image/png", b"x"),
    ],
    ids=["base64", "data URI", "data URI without base64", "object", "odd name"],
)
def test_a_file_arrives_as_it_was_given(uploads, upstream, given, name, kind, content):
    assert not call(uploads, "upload", file=given).get("isError")
    ((found, media, read),) = upstream.parts("file")
    assert (found, media.replace("; ", ";"), read) == (name, kind.replace("; ", ";"), content)


def test_every_part_of_a_form(uploads, upstream):
    tools = {tool["name"]: tool["inputSchema"]["properties"] for tool in ask(uploads, "tools/list")["result"]["tools"]}
    assert list(tools["upload"]) == ["file", "file_X_Labels", "more", "title", "details", "details_X_Schema"]
    call(
        uploads, "upload", file=BASE64, file_X_Labels=["a", "b c"], more=[BASE64, {"data": "aGk=", "name": "hi.txt"}], title="é\r\n\"t\"",
        details={"n": 1.50},
    )
    (file,) = upstream.files.getlist("file")
    assert file.headers["X-Version"] == "2" and file.headers["X-Labels"] == "a,b c"
    assert [(name, data) for name, _, data in upstream.parts("more")] == [("more", BYTES), ("hi.txt", b"hi")]
    assert upstream.fields["title"] == "é\r\n\"t\"" and json.loads(upstream.fields["details"]) == {"n": 1.5}


def test_a_list_of_files_is_repeated_parts(uploads, upstream):
    call(uploads, "attach", file=[{"data": BASE64, "name": "a.bin"}, {"data": "data:text/plain,b", "name": "b.txt"}])
    assert upstream.parts("file") == [("a.bin", "application/octet-stream", BYTES), ("b.txt", "text/plain", b"b")]


def test_a_body_of_bytes(uploads, upstream):
    for given, content in [(BASE64, BYTES), (f"data:image/png;base64,{BASE64}", BYTES), ("data:image/png,%89PNG%0D", b"\x89PNG\r")]:
        call(uploads, "raw", body=given)
        assert upstream.raw == content and upstream.type == "image/png"


def test_what_is_no_file_is_refused_before_anything_is_sent(uploads, upstream):
    for given in ["no base64!", {"name": "x"}, {"data": "aGk=", "name": "a\r\nX-Evil: 1"}, {"data": "aGk=", "mimeType": "a/b\r\nX-Evil: 1"}]:
        assert call(uploads, "upload", file=given)["isError"]
    assert not hasattr(upstream, "files")
