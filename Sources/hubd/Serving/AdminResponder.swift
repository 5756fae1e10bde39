import A2ABridge
import Crypto
import HTTPTypes
import HubCore
import HubServer
import HubTelemetry
import MCPHub
import NIOCore
import SpecIngest

/// Answers the admin listener. Everything but the health checks needs the token, also on loopback.
struct AdminResponder: HTTPResponder {
    let hub: Hub
    let token: Secret
    let metricsAreOpen: Bool

    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
        guard hub.adminHosts.allows(host: request.host) else {
            return try await writer.refuse(.misdirectedRequest, "This host name is not served here")
        }
        if let origin = request.head.headerFields[.origin], !hub.adminHosts.allows(origin: origin) {
            return try await writer.refuse(.forbidden, "Pages of this origin may not use the admin listener")
        }
        guard !request.isOverload else { return try await writer.refuse(.serviceUnavailable, "Too many requests are being answered") }
        let route = AdminRoute(request.head.method, request.path)
        // A stranger is not told either what there is.
        guard isAllowed(request, on: route) else {
            return try await writer.refuse(
                .unauthorized, "The admin token is needed", fields: [.wwwAuthenticate: "Bearer realm=\"hubd admin\""])
        }
        switch route {
        case .health: try await respond(writer, text: "ok\n")
        case .readiness: try await respond(writer, json: readiness())
        case .metrics:
            try await respond(writer, text: hub.metricsText, type: "text/plain; version=0.0.4; charset=utf-8")
        case .description: try await respond(writer, json: Self.description)
        case .reload: try await reload(writer)
        case nil: try await writer.refuse(.notFound, "There is nothing here")
        }
    }

    private func isAllowed(_ request: InboundRequest, on route: AdminRoute?) -> Bool {
        switch route?.access {
        case .open: true
        case .metrics: metricsAreOpen || isAuthorized(request)
        case .token, nil: isAuthorized(request)
        }
    }

    /// `specs/admin.openapi.yaml` as JSON.
    private static let description: ByteBuffer = {
        let bytes = ByteBuffer(bytes: PackageResources.admin_openapi_yaml)
        return (try? SourceDocument(reading: bytes))?.json.bytes ?? ByteBuffer()  // ours: a test reads it
    }()

    private func isAuthorized(_ request: InboundRequest) -> Bool {
        guard let field = request.head.headerFields[.authorization], field.lowercased().hasPrefix("bearer ") else { return false }
        // Of digests, so that the time says nothing about the token.
        return SHA256.hash(data: Array(field.dropFirst(7).utf8)) == SHA256.hash(data: Array(token.revealed.utf8))
    }

    private func respond(_ writer: any ResponseWriter, text: String, type: String = "text/plain; charset=utf-8") async throws {
        try await writer.respond(HTTPResponse(status: .ok, headerFields: [.contentType: type]), body: ByteBuffer(string: text))
    }

    private func respond(_ writer: any ResponseWriter, json: ByteBuffer) async throws {
        try await writer.respond(HTTPResponse(status: .ok, headerFields: [.contentType: "application/json"]), body: json)
    }

    private func readiness() -> ByteBuffer {
        let snapshot = hub.store.current
        let closed = snapshot.authenticators.filter(\.value.isUnavailable).keys
        let away = Set(snapshot.away.keys.map { EntryKey(kind: .mcp, name: $0) })  // served from what was known, or by others alone
        let silent = snapshot.entries.filter { ($0.value as? A2AAgent)?.problem != nil }.keys  // agents elsewhere
        let unavailable = Set(snapshot.unavailable.keys).union(closed).union(away).union(silent)
        let stale = Set(hub.serverHealth.filter { $0.health.state == .stale }.map { EntryKey(kind: .mcp, name: $0.name) })
        var json = JSONWriter()
        json.beginObject()
        json.member("status", "ready")
        json.member("entries", snapshot.entries.count)
        json.member("unavailable", Self.names(of: unavailable))
        json.member("stale", Self.names(of: unavailable.intersection(stale)))
        if !snapshot.signedOut.isEmpty { json.member("signIn", snapshot.signedOut.sorted()) }
        json.endObject()
        return json.buffer
    }

    private static func names(of keys: Set<EntryKey>) -> [String] { keys.map { "\($0.kind.rawValue)/\($0.name)" }.sorted() }

    private func reload(_ writer: any ResponseWriter) async throws {
        let outcome = await hub.reload()
        var json = JSONWriter()
        json.beginObject()
        json.member("reloaded", outcome.isSuccess)
        json.key("findings")
        json.beginArray()
        for finding in outcome.findings { finding.write(to: &json) }
        json.endArray()
        json.endObject()
        let status: HTTPResponse.Status = outcome.isSuccess ? .ok : .unprocessableContent
        try await writer.respond(HTTPResponse(status: status, headerFields: [.contentType: "application/json"]), body: json.buffer)
    }
}
