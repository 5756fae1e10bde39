import HTTPTypes
public import HubCore
import NIOCore

/// What a client is told of a server before it connects: where, and in which revisions (SEP-2127, schema v1).
enum ServerCard {
    private static let schema = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json"
    /// The longest title and description, in characters as JSON Schema counts them.
    private static let maximumText = 100

    /// The card of a server of a hub that callers know as `base`.
    static func document(of server: MCPServer, at base: HTTPAddress) -> PublicDocument {
        let url = "\(base)/mcp/\(server.name)"
        var json = JSONWriter()
        json.beginObject()
        json.member("$schema", schema)
        json.member("name", "\(base.reversedPublisher)/\(server.name)")
        json.member("version", shortened(server.version, to: 255))
        if let title = server.title.map({ shortened($0) }), !title.isEmpty { json.member("title", title) }
        let purpose = server.instructions.map { shortened($0) } ?? ""
        json.member("description", purpose.isEmpty ? "The tools of \(server.name)" : purpose)
        json.key("remotes")
        json.beginArray()
        let revisions = ProtocolRevision.allCases
        write("streamable-http", at: url, revisions.filter { $0 > .v2024_11_05 }, to: &json)
        write("sse", at: url + MCPRoute.sse.rawValue, [.v2024_11_05], to: &json)
        json.endArray()
        json.endObject()
        return PublicDocument(json: json.buffer, contentType: MCPServer.cardType)
    }

    private static func write(_ type: String, at url: String, _ revisions: [ProtocolRevision], to json: inout JSONWriter) {
        json.beginObject()
        json.member("type", type)
        json.member("url", url)
        json.member("supportedProtocolVersions", revisions.map(\.rawValue))
        json.endObject()
    }

    private static func shortened(_ text: String, to maximum: Int = maximumText) -> String {
        guard text.unicodeScalars.count > maximum else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(maximum - 1))) + "…"
    }
}

extension MCPServer: DescribedEntry {
    /// That of server cards.
    public static var cardType: String { "application/mcp-server-card+json" }
    /// The place that is reserved for it.
    public static var cardPath: String { MCPRoute.card.rawValue }

    /// Answers with the card.
    func respondCard(to request: InboundRequest, writer: any ResponseWriter) async throws {
        guard let base = address.base(for: request),
            let answer = ServerCard.document(of: self, at: base)
                .answer(to: request.head, caching: request.principal.credential == nil ? .open : .own)
        else {
            return try await writer.answer(
                .methodNotAllowed, JSONRPCError(.invalidRequest, "Only GET is served here"), fields: [.allow: "GET, HEAD"])
        }
        try await writer.respond(answer.head, body: answer.body)
    }
}
