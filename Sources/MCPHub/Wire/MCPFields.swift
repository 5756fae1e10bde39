import HTTPTypes
import HubCore

/// Header fields of streamable HTTP. The literals are tokens, so that the failable initialisers cannot fail.
extension HTTPField.Name {
    static let mcpProtocolVersion = HTTPField.Name("mcp-protocol-version") ?? .via
    static let mcpMethod = HTTPField.Name("mcp-method") ?? .via
    static let mcpName = HTTPField.Name("mcp-name") ?? .via
    static let mcpSessionID = HTTPField.Name("mcp-session-id") ?? .via
    static let lastEventID = HTTPField.Name("last-event-id") ?? .via
    static let accelBuffering = HTTPField.Name("x-accel-buffering") ?? .via
}

/// Members of `_meta` that the 2026-07-28 revision gives a meaning.
enum MetaKey {
    static let protocolVersion = "io.modelcontextprotocol/protocolVersion"
    static let clientCapabilities = "io.modelcontextprotocol/clientCapabilities"
    static let clientInfo = "io.modelcontextprotocol/clientInfo"
    static let logLevel = "io.modelcontextprotocol/logLevel"
    static let serverInfo = "io.modelcontextprotocol/serverInfo"
    static let subscriptionID = "io.modelcontextprotocol/subscriptionId"
    /// What the names of the hub's own members begin with.
    static let ownPrefix = "hubd/"
    /// Ours: what is left out of a list because its server is away.
    static let unavailable = "hubd/unavailable"
    /// Ours: the server whose words a result is, where they are not trusted.
    static let untrusted = "hubd/untrusted"
}

/// A value of `Mcp-Name`: plain printable ASCII, or `=?base64?…?=` around UTF-8 (2026-07-28 transports, "Value encoding").
enum MirroredHeader {
    /// The text it stands for; nil for a malformed or non-canonical encoding, which matches nothing.
    static func decode(_ value: String) -> String? {
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return nil }
        guard value.hasPrefix("=?base64?"), value.hasSuffix("?="), value.utf8.count >= 11 else { return value }
        guard let bytes = Base64.decode(String(value.dropFirst(9).dropLast(2))) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The value that stands for a text.
    static func encode(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && text.utf8.first != 0x20 && text.utf8.last != 0x20
        if isPlain, !(text.hasPrefix("=?base64?") && text.hasSuffix("?=")) { return text }
        return "=?base64?\(Base64.encode(Array(text.utf8)))?="
    }
}

/// What an `Accept` header takes.
struct AcceptedTypes {
    let json: Bool
    let eventStream: Bool

    /// Nothing said takes everything (RFC 9110 §12.5.1).
    init(_ request: InboundRequest) {
        let fields = request.head.headerFields[values: .accept]
        // What the SDKs send, without a look at its parts.
        guard let first = fields.first, fields.count > 1 || first != "application/json, text/event-stream" else {
            (json, eventStream) = (true, true)
            return
        }
        var (json, eventStream) = (false, false)
        for field in fields {
            for item in field.split(separator: ",") {
                let type = item.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
                if type == "*/*" { (json, eventStream) = (true, true) }
                if type == "application/json" || type == "application/*" { json = true }
                if type == "text/event-stream" || type == "text/*" { eventStream = true }
            }
        }
        (self.json, self.eventStream) = (json, eventStream)
    }
}
