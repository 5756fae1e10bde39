import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("failures")
struct A2AFailureTests {
    @Test("each failure has its numbers in each profile", arguments: Golden.elements("error-numbers"))
    func numbers(_ row: JSONValue) throws {
        let cells = Array(row.elements)
        try #require(cells.count == 8)
        let code = try #require(cells[0].string.flatMap { A2AFailure.Code(rawValue: $0) })
        for (profile, rpc) in [(A2AErrorProfile.v0_3, 2), (.v1_0_0, 3), (.v1_0_1, 3)] {
            let numbers = A2AErrorTable.numbers(code, in: profile)
            #expect(numbers.reason == cells[1].string)
            #expect(numbers.jsonRPC == cells[rpc].int)
            #expect(numbers.jsonRPCStatus == cells[4].int)
        }
        #expect(A2AErrorTable.numbers(code, in: .v0_3).http == cells[5].int)
        for (profile, cell) in [(A2AErrorProfile.v1_0_0, cells[6]), (.v1_0_1, cells[7])] {
            let (numbers, expected) = (A2AErrorTable.numbers(code, in: profile), Array(cell.elements))
            #expect([numbers.http] == [expected[0].int])
            #expect(numbers.status == expected[1].string)
        }
    }

    @Test("the table of the examples has all failures")
    func allCodes() {
        let named = Golden.elements("error-numbers").compactMap { $0.elements.first { _ in true }?.string }
        #expect(named == A2AFailure.Code.allCases.map(\.rawValue))
    }

    @Test("a failure is written in each profile, and read again", arguments: Golden.cases("errors"))
    func golden(_ example: GoldenCase) throws {
        let json = example.json
        let failure = A2AFailure(
            try #require(json["code"]?.string.flatMap { A2AFailure.Code(rawValue: $0) }), try #require(json["message"]?.string),
            metadata: Dictionary(
                uniqueKeysWithValues: (json["metadata"]?.members ?? .none).map { ($0.name.string ?? "", $0.value.string ?? "") }),
            violations: (json["violations"]?.elements ?? .none).map {
                A2AFailure.Violation(field: $0["field"]?.string ?? "", description: $0["description"]?.string ?? "")
            })
        let id = try JSONValue("7")
        for profile in A2AErrorProfile.allCases {
            guard let expected = json[profile.rawValue] else { continue }
            let (rpc, http) = (failure.jsonRPC(id: id, profile), failure.http(profile))
            #expect(rpc.status == 200)
            #expect(http.status == expected["status"]?.int)
            let (rpcExpected, httpExpected) = try (#require(expected["jsonRPC"]), #require(expected["http"]))
            #expect(String(buffer: rpc.body) == String(buffer: rpcExpected.compactBytes))
            #expect(String(buffer: http.body) == String(buffer: httpExpected.compactBytes))
            #expect(A2AFailure(jsonRPC: try #require(rpcExpected["error"])) == failure)
            #expect(A2AFailure(status: http.status, body: httpExpected) == failure)
        }
    }

    @Test("failures of others are read in whatever shape they come")
    func foreign() throws {
        let problem = #"{"type":"https://a2a-protocol.org/errors/task-not-cancelable","title":"No","status":409,"detail":"It has ended"}"#
        #expect(A2AFailure(status: 409, body: try JSONValue(problem)) == A2AFailure(.taskNotCancelable, "It has ended"))
        #expect(
            A2AFailure(status: 404, body: try JSONValue(#"{"message":"Task not found"}"#)) == A2AFailure(.taskNotFound, "Task not found"))
        #expect(A2AFailure(status: 501, body: nil) == A2AFailure(.unsupportedOperation, ""))
        #expect(A2AFailure(status: 418, body: nil).code == .invalidRequest)
        #expect(A2AFailure(status: 599, body: nil).code == .internal)
        #expect(A2AFailure(status: 200, body: try JSONValue("[1]")).code == .internal)
        #expect(A2AFailure(jsonRPC: try JSONValue(#"{"code":-32009,"message":"Version"}"#)) == A2AFailure(.versionNotSupported, "Version"))
        #expect(A2AFailure(jsonRPC: try JSONValue(#"{"code":429,"message":"Slow"}"#)).code == .rateLimited)
        #expect(A2AFailure(jsonRPC: try JSONValue(#"{"code":12345}"#)) == A2AFailure(.internal, ""))
        #expect(A2AFailure(jsonRPC: try JSONValue("7")).code == .internal)
        // Both are 400 in 1.0.1: the reason tells them apart, of this protocol alone.
        let info = { (domain: String) in
            #"{"error":{"code":400,"message":"No","details":[{"reason":"PUSH_NOTIFICATION_NOT_SUPPORTED","domain":"\#(domain)","metadata":{"a":"b","n":1}}]}}"#
        }
        let known = A2AFailure(status: 400, body: try JSONValue(info("a2a-protocol.org")))
        #expect(known == A2AFailure(.pushNotSupported, "No", metadata: ["a": "b"]))
        #expect(A2AFailure(status: 400, body: try JSONValue(info("example.com"))) == A2AFailure(.invalidRequest, "No"))
    }

    @Test("another's failure is cut to what can be shown")
    func long() throws {
        let many = (0..<100).map { #""n\#($0)":"v""# }.joined(separator: ",")
        let failure = A2AFailure(
            jsonRPC: try JSONValue(#"{"code":-32603,"message":"\#(String(repeating: "m", count: 9000))","data":{\#(many)}}"#))
        #expect(failure.message.utf8.count == 2000)
        #expect(failure.metadata.count == 32)
    }

    @Test("a request that could not be read is answered with the id null")
    func noID() {
        let body = A2AFailure(.parseError, "No JSON").jsonRPC(id: nil, .v0_3).body
        #expect(String(buffer: body) == #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"No JSON"}}"#)
    }

    @Test("what the core of the hub says is said in the protocol's words")
    func hubErrors() {
        #expect(A2AFailure(HubError(.unknownTool, "No")) == A2AFailure(.taskNotFound, "No"))
        let violation = A2AFailure.Violation(field: "size", description: "Too big")
        #expect(
            A2AFailure(HubError(.invalidArguments, "Too big", argument: "size"))
                == A2AFailure(.invalidParameters, "Too big", violations: [violation]))
        #expect(A2AFailure(HubError(.addressRefused, "No")).code == .upstreamFailed)
        #expect(A2AFailure(HubError(.upstreamTimeout, "Late")).code == .upstreamTimeout)
        #expect(A2AFailure(HubError(.overloaded, "Busy")).code == .overloaded)
        #expect(A2AFailure(HubError(.cancelled, "Gone")).code == .internal)
    }
}
