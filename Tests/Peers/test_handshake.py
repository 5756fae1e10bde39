"""The handshake eras by hand: sessions, versions, batches, and refusals that leave the session alive."""

import json
import threading
from contextlib import contextmanager

import httpx
import pytest

from conftest import fault_configuration, httpbin_configuration
from harness.recorder import events
from harness.wire import BOTH, Session, message

VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


@pytest.mark.requirement("MCP-HS-INIT-01", "MCP-HS-INIT-04", "MCP-HS-PING-01")
@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_spoken_as_asked_for(hub, version):
    with Session(hub.mcp("httpbin"), version) as session:
        assert session.version == version
        assert session.ask("tools/call", {"name": "json", "arguments": {}})["result"]["content"]
        assert session.ask("ping")["result"] == {}


@pytest.mark.requirement("MCP-HS-INIT-02")
@pytest.mark.parametrize("version", ["2023-01-01", "2099-01-01", "nonsense"])
def test_an_unknown_version_is_offered_a_known_one(hub, version):
    with Session(hub.mcp("httpbin"), version) as session:
        assert session.version in VERSIONS


@pytest.mark.requirement("MCP-HS-SESS-03", "MCP-HS-SESS-04")
def test_a_deleted_session_is_404_afterwards(hub):
    with Session(hub.mcp("httpbin")) as session:
        assert session.ask("ping")["result"] == {}
        assert session.client.delete(session.url).status_code in (200, 204)
        answer = session.post({"jsonrpc": "2.0", "id": 2, "method": "ping"})
        assert answer.status_code == 404
        assert answer.headers["x-request-id"]
        assert session.client.delete(session.url).status_code == 404


@pytest.mark.requirement("MCP-HS-SESS-03")
def test_a_session_that_never_was_is_404(hub):
    with Session(hub.mcp("httpbin")) as session:
        session.client.headers["mcp-session-id"] = "made-up"
        assert session.post({"jsonrpc": "2.0", "id": 2, "method": "ping"}).status_code == 404


def test_a_session_does_not_open_another_server(hub):
    with Session(hub.mcp("httpbin")) as session:
        session.url = hub.mcp("impatient")
        assert session.post({"jsonrpc": "2.0", "id": 2, "method": "ping"}).status_code == 404


@pytest.mark.requirement("MCP-HS-SESS-02")
def test_no_session_is_a_bad_request(hub):
    with Session(hub.mcp("httpbin")) as session:
        del session.client.headers["mcp-session-id"]
        assert session.post({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}).status_code == 400


@pytest.mark.requirement("MCP-HS-VER-01")
def test_a_strange_version_header_within_a_session_is_a_bad_request(hub):
    with Session(hub.mcp("httpbin")) as session:
        session.client.headers["mcp-protocol-version"] = "1999-01-01"
        assert session.post({"jsonrpc": "2.0", "id": 2, "method": "ping"}).status_code == 400


@pytest.mark.requirement("MCP-HS-VER-02")
def test_a_missing_version_header_is_forgiven_within_a_session(hub):
    """Clients in use leave it out; the session knows."""
    with Session(hub.mcp("httpbin")) as session:
        del session.client.headers["mcp-protocol-version"]
        assert session.ask("ping")["result"] == {}


BATCH = [
    {"jsonrpc": "2.0", "id": 1, "method": "ping"},
    {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "json", "arguments": {}}},
]


@pytest.mark.requirement("MCP-HS-BATCH-01")
def test_a_batch_is_answered_at_2025_03_26(hub):
    with Session(hub.mcp("httpbin"), "2025-03-26") as session:
        answer = session.post(BATCH)
        assert answer.status_code == 200
        if answer.headers["content-type"].startswith("text/event-stream"):
            found = [json.loads(data) for _, data in events(answer.content)]
            answers = [one for entry in found for one in (entry if isinstance(entry, list) else [entry])]
        else:
            answers = answer.json()
        assert sorted(one["id"] for one in answers) == [1, 2]
        assert all("result" in one for one in answers)


@pytest.mark.requirement("MCP-HS-BATCH-03")
@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25"])
def test_a_batch_is_refused_later(hub, version):
    with Session(hub.mcp("httpbin"), version) as session:
        answer = session.post(BATCH)
        assert answer.status_code == 400 or answer.json()["error"]["code"] == -32600
        assert session.ask("ping")["result"] == {}


@pytest.mark.requirement("MCP-BASE-04", "MCP-BASE-08", "MCP-TOOL-05", "MCP-TOOL-14", "MCP-TOOL-15")
def test_refusals_within_a_session_are_messages_at_200(hub):
    """An HTTP error would end the whole session of a 1.x SDK."""
    with Session(hub.mcp("httpbin")) as session:
        for request, code in [
            ({"method": "tools/call", "params": {"name": "no_such", "arguments": {}}}, -32602),
            ({"method": "tools/nothing"}, -32601),
            ({"method": "tools/call", "params": {"arguments": {}}}, -32602),
            ({"method": "tools/call", "params": {"name": "uuid", "arguments": [1]}}, -32602),
            ({"method": "tools/list", "params": {"cursor": "made-up"}}, -32602),
        ]:
            answer = session.post({"jsonrpc": "2.0", "id": 9, **request})
            assert (answer.status_code, message(answer)["error"]["code"]) == (200, code)
            assert answer.headers["x-request-id"]
        assert session.ask("ping")["result"] == {}


@pytest.mark.requirement("MCP-BASE-06", "MCP-HS-HTTP-02")
def test_a_notification_is_202_without_a_body(hub):
    with Session(hub.mcp("httpbin")) as session:
        answer = session.post({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"})
        assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.requirement("MCP-HS-INIT-06")
def test_a_handshake_result_has_nothing_of_the_modern_era(hub):
    with Session(hub.mcp("httpbin")) as session:
        result = session.ask("tools/call", {"name": "json", "arguments": {}})["result"]
        assert "resultType" not in result
        assert "ttlMs" not in session.ask("tools/list")["result"]


@pytest.mark.requirement("MCP-HS-INIT-06", "MCP-TOOL-10")
def test_structured_results_are_only_for_versions_that_know_them(hub):
    with Session(hub.mcp("httpbin"), "2024-11-05") as session:
        assert "structuredContent" not in session.ask("tools/call", {"name": "json", "arguments": {}})["result"]


@pytest.mark.requirement("MCP-HS-CANC-01", "MCP-HS-CANC-02")
def test_cancelling_ends_the_call_upstream(start_hub, fault):
    hub = start_hub(fault_configuration(fault.url, firstByte="60s", idle="60s", total="60s"))
    with Session(hub.mcp("fault")) as session:
        request = {"jsonrpc": "2.0", "id": "slow", "method": "tools/call", "params": {"name": "hang", "arguments": {}}}
        call = threading.Thread(target=lambda: session.client.post(session.url, json=request), daemon=True)
        call.start()
        fault.waiting.wait()
        with Session(hub.mcp("fault")) as stranger:
            stranger.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "slow"}})
            assert stranger.ask("ping")["result"] == {}
        assert fault.left.count == 0, "another session cancelled it"
        session.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "slow"}})
        assert fault.left.wait(limit=10) < 5
        call.join(10)
        assert not call.is_alive(), "the cancelled call's answer never ended"


@pytest.mark.requirement("MCP-2024-SSE-01", "MCP-2024-SSE-02")
def test_the_older_transport_names_its_endpoint_and_answers_on_the_stream(hub):
    with httpx.Client(timeout=10) as client:
        with client.stream("GET", hub.mcp("httpbin") + "/sse", headers={"accept": "text/event-stream"}) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert stream.headers["x-request-id"]
            lines = stream.iter_lines()
            assert next(lines) == "event: endpoint"
            endpoint = next(lines).removeprefix("data:").strip()
            assert endpoint.startswith("/mcp/httpbin/messages"), "relative, so that it works behind any name"
            hello = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
            request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
            assert client.post(hub.url + endpoint, json=request).status_code == 202
            data = next(line for line in lines if line.startswith("data:"))
            assert json.loads(data.removeprefix("data:"))["result"]["protocolVersion"] == "2024-11-05"
        gone = client.post(hub.url + endpoint, json={"jsonrpc": "2.0", "id": 2, "method": "ping"})
        assert gone.status_code in (202, 404)


@pytest.mark.requirement("MCP-2024-SSE-03", "MCP-HS-HTTP-06")
@pytest.mark.parametrize("origin", ["https://evil.test", "null"])
def test_a_strange_origin_is_403(hub, origin):
    with Session(hub.mcp("httpbin")) as session:
        answer = session.client.post(
            session.url, headers={"origin": origin}, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}
        )
        assert answer.status_code == 403
        for method in ["GET", "DELETE"]:
            assert session.client.request(method, session.url, headers={"origin": origin}).status_code == 403
    assert httpx.get(hub.mcp("httpbin") + "/sse", headers={"origin": origin, "accept": BOTH}).status_code == 403


@pytest.mark.requirement("MCP-HS-INIT-03", "MCP-TOOL-01")
@pytest.mark.parametrize("version", VERSIONS)
def test_initialize_says_who_the_server_is_and_what_it_has(hub, version):
    with Session(hub.mcp("httpbin"), version) as session:
        result = message(session.opening)["result"]
        assert result["capabilities"]["tools"]["listChanged"] is True
        assert result["serverInfo"]["name"] == "httpbin" and result["serverInfo"]["version"]
        assert ("title" in result["serverInfo"]) == (version >= "2025-06-18")


@pytest.mark.requirement("MCP-HS-INIT-05")
def test_initialize_may_not_stand_in_a_batch(hub):
    with Session(hub.mcp("httpbin"), "2025-03-26") as session:
        hello = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        batch = [{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}]
        assert session.post(batch).json()[0]["error"]["code"] == -32600
        del session.client.headers["mcp-session-id"]
        opened = session.post(batch)
        assert opened.status_code == 400 and "mcp-session-id" not in opened.headers


@pytest.mark.requirement("MCP-HS-INIT-06", "MCP-TOOL-06", "MCP-TOOL-07")
@pytest.mark.parametrize("version", VERSIONS)
def test_tools_are_described_in_the_words_of_the_version(hub, version):
    with Session(hub.mcp("httpbin"), version) as session:
        for tool in session.ask("tools/list")["result"]["tools"]:
            assert ("annotations" in tool) == (version >= "2025-03-26")
            assert ("title" in tool) == (version >= "2025-06-18")
            assert ("title" in tool.get("annotations", {})) == (version == "2025-03-26")


@pytest.mark.requirement("MCP-HS-SESS-01")
def test_a_session_id_is_visible_ascii_and_no_other_sessions(hub):
    with Session(hub.mcp("httpbin")) as one, Session(hub.mcp("httpbin")) as other:
        ids = [session.client.headers["mcp-session-id"] for session in (one, other)]
        assert ids[0] != ids[1]
        assert all(0x21 <= ord(letter) <= 0x7E for letter in "".join(ids))


@pytest.mark.requirement("MCP-HS-HTTP-01")
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_the_answer_is_of_the_type_that_the_client_takes(hub, accept):
    with Session(hub.mcp("httpbin")) as session:
        session.client.headers["accept"] = accept
        answer = session.post({"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert answer.headers["content-type"] == accept
        assert message(answer) == {"jsonrpc": "2.0", "id": 1, "result": {}}


@pytest.mark.requirement("MCP-HS-HTTP-02")
def test_a_posted_response_is_202_without_a_body(hub):
    with Session(hub.mcp("httpbin")) as session:
        answer = session.post({"jsonrpc": "2.0", "id": 1, "result": {}})
        assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.requirement("MCP-HS-CANC-03")
@pytest.mark.parametrize("params", [{"requestId": "unknown"}, {"requestId": 1}, {"requestId": {}}, {}, None], ids=str)
def test_a_cancellation_of_nothing_is_ignored(hub, params):
    with Session(hub.mcp("httpbin")) as session:
        assert session.ask("ping", number=1)["result"] == {}
        assert session.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}).status_code == 202
        assert session.ask("ping", number=1)["result"] == {}


@pytest.mark.requirement("MCP-HS-HTTP-03", "MCP-HS-HTTP-04", "MCP-HS-HTTP-05", "MCP-HS-CHANGE-01")
def test_a_change_is_told_on_one_stream_of_a_session(start_hub, httpbin):
    """A second GET takes the place of the first; answers to requests come on neither."""
    configuration = httpbin_configuration(httpbin.url)
    hub = start_hub(configuration)
    with Session(hub.mcp("httpbin")) as session:
        with listening(session) as first, listening(session) as second:
            assert "".join(first) == "", "the first stream ends without a message"
            assert session.ask("tools/call", {"name": "uuid", "arguments": {}})["result"]["content"]
            configuration["servers"]["httpbin"]["tools"] = {"uuid": {"rename": "own"}}
            hub.reload(configuration)
            assert json.loads(next(second)) == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
            assert session.client.delete(session.url).status_code == 200
            assert "".join(second) == "", "the stream ends with its session"


@contextmanager
def listening(session: Session):
    """The data of the events on a session's GET stream; what is sent from here on is on it."""
    with session.client.stream("GET", session.url, headers={"accept": "text/event-stream"}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        lines = answer.iter_lines()
        assert next(lines).startswith(":")
        yield (line.removeprefix("data:") for line in lines if line.startswith("data:"))
