"""Scenarios of the modern era's results that ask for input.

Behind a gateway, a server of a handshake era asks by request: what it is asked under, and what is kept with the client, are then the
gateway's, and the questions come one at a time. `case.asks_by_request` says so; the same is demanded, with that much room.
"""

from harness.conformance.case import scenario
from harness.wire import MODERN

ROUNDS = 6
REPLIES = {
    "sampling/createMessage": {
        "role": "assistant",
        "content": {"type": "text", "text": "Paris"},
        "model": "test-model",
        "stopReason": "endTurn",
    },
    "roots/list": {"roots": [{"uri": "file:///test/root", "name": "Test Root"}]},
}


def form(**content) -> dict:
    """A form that the user has filled in."""
    return {"action": "accept", "content": content}


def responses(result: dict, content: dict) -> dict:
    """An answer to everything that a result asks for."""
    return {key: REPLIES.get(request["method"], form(**content)) for key, request in (result.get("inputRequests") or {}).items()}


def state(result: dict) -> dict:
    """What goes back with the answers."""
    return {"requestState": result["requestState"]} if "requestState" in result else {}


class Call:
    """One call that is made again with answers until it is complete."""

    def __init__(self, client, name: str, method="tools/call", **options):
        self.client = client
        self.method = method
        self.params = {"name": name, **({"arguments": {}} if method == "tools/call" else {})}
        self.options = options
        self.answer = client.ask(method, self.params, **options)

    @property
    def result(self) -> dict:
        """The last result."""
        return self.answer.result

    @property
    def requests(self) -> dict:
        """What the last result asks for."""
        return self.result.get("inputRequests") or {} if self.answer.asks else {}

    @property
    def methods(self) -> set[str]:
        """By what methods it asks."""
        return {request["method"] for request in self.requests.values()}

    def retry(self, answers: dict | None = None, **content):
        """Makes the call again, with answers to what was asked or with the ones given."""
        given = {"inputResponses": responses(self.result, content) if answers is None else answers}
        self.answer = self.client.ask(self.method, {**self.params, **given, **state(self.result)}, **self.options)
        return self.answer

    def finish(self, **content) -> set[str]:
        """Answers until the call is complete; gives the methods it asked by."""
        asked = set()
        for _ in range(ROUNDS):
            if not self.answer.asks:
                break
            asked |= self.methods
            self.retry(**content)
        return asked


@scenario("input-required-result-basic-elicitation", MODERN)
def basic_elicitation(case):
    with case.connect() as client:
        call = Call(client, "test_input_required_result_elicitation")
        own = case.asks_by_request or list(call.requests) == ["user_name"]
        case.check("sep-2322-elicitation-incomplete", call.methods == {"elicitation/create"} and own, call.answer.message)
        call.retry(name="Alice")
        case.check(
            "sep-2322-elicitation-complete",
            call.answer.is_complete and "Alice" in str(call.result.get("content")),
            call.answer.message,
        )


@scenario("input-required-result-basic-sampling", MODERN)
def basic_sampling(case):
    with case.connect() as client:
        call = Call(client, "test_input_required_result_sampling")
        case.check("sep-2322-sampling-incomplete", call.methods == {"sampling/createMessage"}, call.answer.message)
        call.retry()
        case.check(
            "sep-2322-sampling-complete",
            call.answer.is_complete and "Paris" in str(call.result.get("content")),
            call.answer.message,
        )


@scenario("input-required-result-basic-list-roots", MODERN)
def basic_roots(case):
    with case.connect() as client:
        call = Call(client, "test_input_required_result_list_roots")
        case.check("sep-2322-list-roots-incomplete", call.methods == {"roots/list"}, call.answer.message)
        call.retry()
        case.check("sep-2322-list-roots-complete", call.answer.is_complete and call.result.get("content"), call.answer.message)


@scenario("input-required-result-request-state", MODERN)
def request_state(case):
    with case.connect() as client:
        call = Call(client, "test_input_required_result_request_state")
        kept = call.result.get("requestState")
        case.check("sep-2322-request-state-incomplete", call.requests and kept and isinstance(kept, str), call.answer.message)
        call.retry(ok=True)
        case.check(
            "sep-2322-request-state-complete", call.answer.is_complete and "state-ok" in str(call.result), call.answer.message
        )


@scenario("input-required-result-multiple-input-requests", MODERN)
def multiple_requests(case):
    everything = {"elicitation/create", "sampling/createMessage", "roots/list"}
    with case.connect() as client:
        call = Call(client, "test_input_required_result_multiple_inputs")
        at_once = call.methods
        kept = call.result.get("requestState")
        asked = call.finish(name="Alice")
        whole = asked == everything if case.asks_by_request else at_once == everything
        case.check("sep-2322-multiple-inputs-incomplete", whole and kept, (at_once, asked))
        case.check("sep-2322-multiple-inputs-complete", call.answer.is_complete, call.answer.message)


@scenario("input-required-result-multi-round", MODERN)
def multi_round(case):
    with case.connect() as client:
        call = Call(client, "test_input_required_result_multi_round")
        before = call.result.get("requestState")
        case.check("sep-2322-multi-round-r1", call.requests and before, call.answer.message)
        call.retry(name="Alice")
        after = call.result.get("requestState")
        case.check("sep-2322-multi-round-r2", call.requests and after and after != before, call.answer.message)
        call.retry(color="blue")
        case.check(
            "sep-2322-multi-round-r3", call.answer.is_complete and "Alice likes blue" in str(call.result), call.answer.message
        )


@scenario("input-required-result-missing-input-response", MODERN)
def missing_response(case):
    with case.connect() as client:
        params = {
            "name": "test_input_required_result_elicitation",
            "arguments": {},
            "inputResponses": {"wrong_key": form(data="wrong")},
        }
        answer = client.ask("tools/call", params)
        case.check("sep-2322-missing-response-rerequests", answer.asks, answer.message)
        if case.asks_by_request and answer.asks:
            again = client.ask("tools/call", {**params, **state(answer.result)})
            case.check("sep-2322-missing-response-rerequests", again.asks, again.message)


@scenario("input-required-result-non-tool-request", MODERN)
def non_tool_request(case):
    with case.connect() as client:
        call = Call(client, "test_input_required_result_prompt", method="prompts/get")
        case.check("sep-2322-non-tool-incomplete", call.requests, call.answer.message)
        call.retry(context="test context")
        case.check(
            "sep-2322-non-tool-complete",
            call.answer.is_complete and "test context" in str(call.result.get("messages")),
            call.answer.message,
        )


@scenario("input-required-result-result-type", MODERN)
def result_type(case):
    with case.connect() as client:
        answer = client.ask("tools/call", {"name": "test_input_required_result_elicitation", "arguments": {}}, is_checked=False)
    case.check("sep-2322-result-type-included", answer.asks, answer.message)


@scenario("input-required-result-unsupported-methods", MODERN)
def unsupported_methods(case):
    with case.connect() as client:
        asking = [method for method in ["tools/list", "prompts/list"] if client.ask(method, is_checked=False).asks]
    case.check("sep-2322-not-on-unsupported-requests", not asking, asking)


@scenario("input-required-result-tampered-state", MODERN)
def tampered_state(case):
    with case.connect() as client:
        call = Call(client, "test_input_required_result_tampered_state")
        if not case.check(
            "sep-2322-reject-tampered-state", call.requests and call.result.get("requestState"), call.answer.message
        ):
            return
        answered = {"inputResponses": responses(call.result, {"ok": True})}
        answer = client.ask("tools/call", {**call.params, **answered, "requestState": call.result["requestState"] + "-TAMPERED"})
        case.check("sep-2322-reject-tampered-state", answer.error and not answer.result, answer.message)


@scenario("input-required-result-capability-check", MODERN)
def capability_check(case):
    with case.connect() as client:
        call = Call(client, "test_input_required_result_capabilities", capabilities={"sampling": {}})
        case.check("sep-2322-respect-client-capabilities", call.methods == {"sampling/createMessage"}, call.answer.message)


@scenario("input-required-result-ignore-extra-params", MODERN)
def extra_params(case):
    extra = {"unknown_extra_key": form(foo="bar"), "another_unexpected": form(baz=123)}
    with case.connect() as client:
        if case.asks_by_request:
            call = Call(client, "test_input_required_result_elicitation")
            answer = call.retry({**responses(call.result, {"name": "Alice"}), **extra})
        else:
            params = {"name": "test_input_required_result_elicitation", "arguments": {}}
            answer = client.ask("tools/call", {**params, "inputResponses": {"user_name": form(name="Alice"), **extra}})
    case.check("sep-2322-ignore-unexpected-params", answer.is_complete and "Alice" in str(answer.result), answer.message)


@scenario("input-required-result-validate-input", MODERN)
def validate_input(case):
    with case.connect() as client:
        params = {"name": "test_input_required_result_elicitation", "arguments": {}}
        if case.asks_by_request:
            call = Call(client, "test_input_required_result_elicitation")
            answer = call.retry({key: 12345 for key in call.requests})
        else:
            answer = client.ask("tools/call", {**params, "inputResponses": {"user_name": 12345}})
        case.check("sep-2322-validate-input-responses", not answer.is_complete and answer.message, answer.message)
        answer = client.ask("tools/call", {**params, "inputResponses": None})
        case.check("sep-2322-error-on-protocol-error", not answer.is_complete and answer.message, answer.message)
