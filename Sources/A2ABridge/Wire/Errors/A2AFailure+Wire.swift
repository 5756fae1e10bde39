import HubCore
import NIOCore

/// What is said of a failure: `error` of JSON-RPC, `google.rpc.Status` over HTTP+JSON of 1.0, `{code, message}` over that of 0.3.
extension A2AFailure {
    /// The answer of JSON-RPC: an HTTP status, and a message.
    ///
    /// - Parameter id: of the request; nil where it could not be read, which JSON-RPC 2.0 §5 writes as null.
    func jsonRPC(id: JSONValue?, _ profile: A2AErrorProfile) -> (status: Int, body: ByteBuffer) {
        let numbers = A2AErrorTable.numbers(code, in: profile)
        var json = JSONWriter()
        json.object { json in
            json.member("jsonrpc", "2.0")
            json.key("id")
            if let id { json.value(id) } else { json.null() }
            json.object("error") { json in
                json.member("code", numbers.jsonRPC)
                json.member("message", message)
                if profile.version == .v1_0 {
                    json.key("data")
                    writeDetails(numbers, to: &json)
                } else {
                    writeOlderData(to: &json)
                }
            }
        }
        return (numbers.jsonRPCStatus, json.buffer)
    }

    /// The answer of HTTP+JSON.
    func http(_ profile: A2AErrorProfile) -> (status: Int, body: ByteBuffer) {
        let numbers = A2AErrorTable.numbers(code, in: profile)
        var json = JSONWriter()
        json.object { json in
            guard profile.version == .v1_0 else {
                json.member("code", numbers.jsonRPC)
                json.member("message", message)
                return writeOlderData(to: &json)
            }
            json.object("error") { json in
                json.member("code", numbers.http)
                json.member("status", numbers.status)
                json.member("message", message)
                json.key("details")
                writeDetails(numbers, to: &json)
            }
        }
        return (numbers.http, json.buffer)
    }

    private static let errorInfo = "type.googleapis.com/google.rpc.ErrorInfo"
    private static let badRequest = "type.googleapis.com/google.rpc.BadRequest"
    private static let domain = "a2a-protocol.org"

    private func writeDetails(_ numbers: A2AErrorNumbers, to json: inout JSONWriter) {
        json.beginArray()
        json.object { json in
            json.member("@type", Self.errorInfo)
            json.member("reason", numbers.reason)
            json.member("domain", Self.domain)
            json.object("metadata") { writeMetadata(to: &$0) }
        }
        if !violations.isEmpty {
            json.object { json in
                json.member("@type", Self.badRequest)
                json.list("fieldViolations", violations) { violation, json in
                    json.object { json in
                        json.member("field", violation.field)
                        json.member("description", violation.description)
                    }
                }
            }
        }
        json.endArray()
    }

    private func writeMetadata(to json: inout JSONWriter) {
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
    }

    private func writeOlderData(to json: inout JSONWriter) {
        guard !metadata.isEmpty else { return }
        json.object("data") { writeMetadata(to: &$0) }
    }

    // MARK: Failures that came

    /// Reads the member `error` of a message of JSON-RPC.
    init(jsonRPC error: JSONValue) {
        let number = error["code"]?.int
        self.init(number.flatMap { A2AErrorTable.code(jsonRPC: $0) } ?? .internal, Self.text(error["message"]))
        takeDetails(error["data"])
        if let data = error["data"] { takeMetadata(data) }
    }

    /// Reads an answer of HTTP+JSON, in any of the shapes there are: `google.rpc.Status`, `{code, message}`, problem details (RFC 9457), or none.
    ///
    /// - Parameters:
    ///   - status: of the answer.
    ///   - body: nil where it is no JSON.
    init(status: Int, body: JSONValue?) {
        let error = body?["error"] ?? body
        var code = A2AErrorTable.code(http: status)
        if let number = error?["code"]?.int, let known = A2AErrorTable.code(jsonRPC: number), number < 0 { code = known }
        if let type = error?["type"]?.string {
            let name = type.split { $0 == "/" || $0 == ":" }.last ?? ""
            let reason = name.uppercased().replacing("-", with: "_")
            code = A2AErrorTable.code(reason: reason) ?? code
        }
        self.init(code, Self.text(error?["message"] ?? error?["detail"] ?? error?["title"]))
        takeDetails(error?["details"])
        if let data = error?["data"] { takeMetadata(data) }
    }

    /// The longest text, in characters of Unicode, and the most details that are kept of another's failure.
    private static let maximumText = 2000
    private static let maximumCount = 32

    private static func text(_ value: JSONValue?) -> String {
        String(String.UnicodeScalarView((value?.string ?? "").unicodeScalars.prefix(maximumText)))
    }

    private mutating func takeDetails(_ details: JSONValue?) {
        for detail in (details?.elements ?? .none).prefix(Self.maximumCount) {
            if let reason = detail["reason"]?.string, detail["domain"]?.isString(Self.domain) == true {
                code = A2AErrorTable.code(reason: reason) ?? code
                if let metadata = detail["metadata"] { takeMetadata(metadata) }
            }
            for violation in (detail["fieldViolations"]?.elements ?? .none).prefix(Self.maximumCount) {
                violations.append(Violation(field: Self.text(violation["field"]), description: Self.text(violation["description"])))
            }
        }
    }

    private mutating func takeMetadata(_ source: JSONValue) {
        for member in source.members.prefix(Self.maximumCount) {
            if member.value.kind == .string { metadata[Self.text(member.name)] = Self.text(member.value) }
        }
    }
}
