import HubCore
import NIOCore
import Testing

@Suite("JSON-RPC envelopes")
struct JSONRPCTests {
    private func envelope(_ text: String) throws -> JSONRPCEnvelope {
        try JSONRPCEnvelope(try JSONDocument(parsing: text, limits: .message).root)
    }

    @Test("requests, notifications and responses are told apart")
    func kinds() throws {
        guard case .request(let id) = try envelope(#"{"jsonrpc":"2.0","id":"a","method":"m","params":{"x":1}}"#).kind else {
            Issue.record("not a request")
            return
        }
        #expect(id.string == "a")
        guard case .notification = try envelope(#"{"jsonrpc":"2.0","method":""}"#).kind else {
            Issue.record("not a notification")
            return
        }
        guard case .response = try envelope(#"{"jsonrpc":"2.0","id":-9223372036854775808,"result":null}"#).kind else {
            Issue.record("not a response")
            return
        }
    }

    @Test(
        "what is no message is refused with the code for it, and the id where it is good",
        arguments: [
            ("[]", -32600, "null"), ("1", -32600, "null"), (#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, -32600, "1"),
            (#"{"id":1,"method":"m"}"#, -32600, "1"), (#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, -32600, "null"), (#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":1}"#, -32600, "1"), (#"{"jsonrpc":"2.0","id":1,"method":2}"#, -32600, "1"),
            (#"{"jsonrpc":"2.0","id":1,"method":"m","result":{}}"#, -32600, "1"),
            (#"{"jsonrpc":"2.0","id":1,"method":"m","params":[]}"#, -32602, "1"),
        ])
    func refuses(text: String, code: Int, id: String) throws {
        let value = try JSONDocument(parsing: text, limits: .message).root
        let error = #expect(throws: JSONRPCError.self) { try JSONRPCEnvelope(value) }
        #expect(error?.code.rawValue == code)
        let bytes = try JSONDocument(parsing: try #require(error?.bytes), limits: .message).root
        #expect(bytes["id"].map { String(buffer: $0.rawBytes) } ?? "null" == id)
    }
}
