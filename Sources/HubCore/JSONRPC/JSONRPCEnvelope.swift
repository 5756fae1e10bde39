public import NIOCore

/// The part of a JSON-RPC 2.0 message that says what it is: read from the tape, nothing copied but the method's name.
public struct JSONRPCEnvelope: Sendable {
    /// What the message is.
    public enum Kind: Sendable {
        /// Wants an answer under this id, a string or an integer.
        case request(id: JSONValue)
        /// Wants none.
        case notification
        /// Answers a request of ours.
        case response(id: JSONValue)
    }

    /// The whole message.
    public let message: JSONValue
    /// What it is.
    public let kind: Kind
    /// The method; empty for a response.
    public let method: String
    /// The parameters, an object.
    public let params: JSONValue?

    /// Reads the envelope of one message.
    ///
    /// - Throws: `JSONRPCError` with `-32600` when it is not one message of JSON-RPC 2.0 with a string or integer id
    ///   (MCP forbids null ids, schema `RequestId`). The error's `id` is set where the message had a good one.
    public init(_ message: JSONValue) throws(JSONRPCError) {
        guard message.kind == .object else { throw JSONRPCError(.invalidRequest, "A message must be a JSON object") }
        let id = message["id"]
        let hasGoodID = id.map { $0.kind == .string || $0.int != nil } ?? true
        guard hasGoodID else { throw JSONRPCError(.invalidRequest, "The id must be a string or an integer") }
        guard message["jsonrpc"]?.isString("2.0") == true else {
            throw JSONRPCError(.invalidRequest, "The member jsonrpc must be \"2.0\"", id: id)
        }
        self.message = message
        let isAnswer = message["result"] != nil || message["error"] != nil
        if let id, isAnswer, message["method"] == nil {
            kind = .response(id: id)
            method = ""
            params = nil
            return
        }
        guard let method = message["method"]?.string, !isAnswer else {
            throw JSONRPCError(.invalidRequest, "A message has a method, a string, or a result or error", id: id)
        }
        params = message["params"].flatMap { $0.isNull ? nil : $0 }  // some clients write null for none
        guard params.map({ $0.kind == .object }) ?? true else {
            throw JSONRPCError(.invalidParams, "The member params must be an object", id: id)
        }
        kind = id.map { .request(id: $0) } ?? .notification
        self.method = method
    }
}

/// An error of JSON-RPC 2.0 §5.1, with the codes that MCP adds.
public struct JSONRPCError: Error, Sendable {
    /// The codes that the hub sends.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The number on the wire.
        public let rawValue: Int

        /// A code by its number.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// The text is no JSON.
        public static let parseError = Code(rawValue: -32700)
        /// The JSON is no request.
        public static let invalidRequest = Code(rawValue: -32600)
        /// There is no such method.
        public static let methodNotFound = Code(rawValue: -32601)
        /// The parameters do not fit.
        public static let invalidParams = Code(rawValue: -32602)
        /// A fault of the hub.
        public static let internalError = Code(rawValue: -32603)
        /// MCP before 2026-07-28: there is no such resource.
        public static let resourceNotFound = Code(rawValue: -32002)
        /// MCP 2026-07-28: a routing header and the body differ.
        public static let headerMismatch = Code(rawValue: -32020)
        /// MCP 2026-07-28: the client has not declared what the server needs of it.
        public static let missingCapability = Code(rawValue: -32021)
        /// MCP 2026-07-28: the version is not served.
        public static let unsupportedProtocolVersion = Code(rawValue: -32022)
        /// The caller's credential does not reach that far; outside the range that JSON-RPC and MCP reserve.
        public static let forbidden = Code(rawValue: 403)
        /// The client took the request back.
        public static let cancelled = Code(rawValue: 499)
        /// Too busy, in the numbers of HTTP (`CONTRACT.md` §4).
        public static let overloaded = Code(rawValue: 503)
    }

    /// The code.
    public var code: Code
    /// What a caller may read.
    public var message: String
    /// The id of the request it answers. Without one there is no member: JSON-RPC 2.0 wants `null` there, the schemas of MCP from 2025-11-25 on
    /// allow a string, a number or nothing.
    public var id: JSONValue?
    /// Further data as JSON.
    public var data: ByteBuffer?

    /// An error of this code.
    public init(_ code: Code, _ message: String, id: JSONValue? = nil, data: ByteBuffer? = nil) {
        self.code = code
        self.message = message
        self.id = id
        self.data = data
    }

    /// The error as a JSON-RPC message.
    public var bytes: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("jsonrpc", "2.0")
        if let id {
            json.key("id")
            json.value(id)
        }
        json.key("error")
        json.beginObject()
        json.member("code", code.rawValue)
        json.member("message", message)
        if let data { json.member("data", raw: data) }
        json.endObject()
        json.endObject()
        return json.buffer
    }
}

extension JSONWriter {
    /// Writes a JSON-RPC response; `result` writes the value of the member of that name.
    public mutating func jsonRPCResponse(id: JSONValue, result: (inout JSONWriter) throws -> Void) rethrows {
        beginObject()
        member("jsonrpc", "2.0")
        key("id")
        value(id)
        key("result")
        try result(&self)
        endObject()
    }

    /// Writes a JSON-RPC notification; `params` writes the members of the parameters.
    public mutating func jsonRPCNotification(_ method: String, params: (inout JSONWriter) -> Void) {
        beginObject()
        member("jsonrpc", "2.0")
        member("method", method)
        key("params")
        beginObject()
        params(&self)
        endObject()
        endObject()
    }
}
