import A2ABridge
import HTTPTypes
import HubCore
import HubServer
import MCPHub
import ModelProxy
import NIOCore

/// Answers the public listener from the snapshot in force.
struct PublicResponder: HTTPResponder {
    let store: SnapshotStore
    let callers: LiveCallers

    /// What a request must pass before an entry answers, in order. The listener has given it an id and refused what is too large, too slow
    /// or ambiguous, and `request` says who calls.
    static let checks: [any InboundCheck] = [
        HostCheck(),  // first: a page that rebound a name to this address may learn nothing
        AddressCheck(),  // before anything is looked up for the caller
    ]

    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
        let snapshot = store.current
        var request = request
        request.remoteAddress = snapshot.callers.caller(
            peer: request.remoteAddress, forwardedFor: request.head.headerFields[values: .forwardedFor])
        for check in Self.checks {
            if let refusal = check.refusal(of: request, snapshot: snapshot) {
                return try await writer.refuse(refusal.status, refusal.message)
            }
        }
        if let document = Self.document(at: request.path, of: snapshot) {
            return try await writer.respond(document, to: request, caching: .open)
        }
        if request.path == Discovery.path { return try await respondCatalogue(to: request, of: snapshot, writer: writer) }
        guard let (key, subpath) = Self.entry(at: request.path, of: snapshot) else {
            return try await writer.refuse(.notFound, "There is nothing here")
        }
        var writer = writer
        if let rule = snapshot.cors[key] {
            let origin = request.head.headerFields.value(.origin).flatMap { rule.allowedOrigin($0) }
            if let origin, CORSRule.isPreflight(request.head) {
                return try await writer.respond(CORSRule.preflightAnswer(to: request.head, origin: origin), body: ByteBuffer())
            }
            writer = CORSWriter(base: writer, origin: origin)
            request.hasAllowedOrigin = origin != nil
        }
        if request.isOverload { return try await writer.refuseOverload(request, at: key, subpath) }
        guard snapshot.authenticators[key] != nil else {
            return try await respond(to: request, at: key, subpath, of: snapshot, writer: writer)
        }
        switch await authenticate(request, at: key, writer: writer) {
        case .refused(let refusal) where refusal.reason == .missing && key.kind == .a2a && A2AAgent.isCard(subpath):
            // A client reads there which credential it needs. Whoever shows one sees what is for them.
            try await respond(to: request, at: key, subpath, of: snapshot, writer: writer)
        case .refused(let refusal): try await writer.refuse(AuthenticationAnswer(refusal: refusal), to: request, at: key, subpath)
        case .admitted(let principal, let place):
            defer { callers.remove(place) }
            request.principal = principal
            try await respond(to: request, at: key, subpath, of: snapshot, writer: writer)
        }
    }

    /// The document at a path; one of an entry is also there where the entry's address is written with a slash at the end.
    private static func document(at path: Substring, of snapshot: HubSnapshot) -> PublicDocument? {
        guard !snapshot.documents.isEmpty else { return nil }
        return snapshot.documents[String(path.hasSuffix("/") ? path.dropLast() : path)]
    }

    /// The entry at a path; the card of the default agent is also that of the hub.
    private static func entry(at path: Substring, of snapshot: HubSnapshot) -> (key: EntryKey, subpath: Substring)? {
        if A2AAgent.isCard(path), let agent = snapshot.discovery.agent { return (EntryKey(kind: .a2a, name: agent), path) }
        return EntryPath.split(path)
    }

    private enum Admission {
        case admitted(Principal, place: Int)
        case refused(AuthenticationRefusal)
    }

    /// Finds out who calls, and sees to it that what is done for them ends with their credential. Where another snapshot comes into force
    /// meanwhile, its word counts.
    private func authenticate(_ request: InboundRequest, at key: EntryKey, writer: any ResponseWriter) async -> Admission {
        for _ in 0..<3 {
            let generation = callers.generation
            guard let authenticator = store.current.authenticators[key] else { break }
            switch await authenticator.authenticate(request) {
            case .refused(let refusal): return .refused(refusal)
            case .caller(let principal):
                if let place = callers.add(principal, at: key, writer: writer, since: generation) {
                    return .admitted(principal, place: place)
                }
            }
        }
        // Reloads faster than requests, or an entry that has just become another.
        return .refused(AuthenticationRefusal(.unavailable))
    }

    private func respond(
        to request: InboundRequest, at key: EntryKey, _ subpath: Substring, of snapshot: HubSnapshot, writer: any ResponseWriter
    ) async throws {
        if let entry = snapshot.entries[key] {
            return try await entry.respond(to: request, subpath: subpath, writer: writer)
        }
        if snapshot.unavailable[key] != nil {
            return try await writer.refuse(
                .serviceUnavailable, "This server is not available at present", to: request, at: key, subpath,
                fields: [.retryAfter: "5"])
        }
        try await writer.refuse(.notFound, "There is nothing here", to: request, at: key, subpath)
    }
}

extension ResponseWriter {
    /// Refuses a caller who is not let in, in the dialect of a door.
    fileprivate func refuse(
        _ answer: AuthenticationAnswer, to request: InboundRequest, at key: EntryKey, _ subpath: Substring
    ) async throws {
        switch key.kind {
        case .mcp, .a2a: try await refuse(answer.status, answer.message, to: request, at: key, subpath, fields: answer.fields)
        case .models: try await refuse(answer.openAI, to: request, subpath: subpath)
        }
    }

    /// Refuses in the dialect of a door.
    fileprivate func refuse(
        _ status: HTTPResponse.Status, _ message: String, to request: InboundRequest, at key: EntryKey, _ subpath: Substring,
        fields: HTTPFields = [:]
    ) async throws {
        switch key.kind {
        case .a2a: try await A2ARefusal.refuse(status, message, to: request, subpath: subpath, fields: fields, writer: self)
        case .mcp:
            var head = HTTPResponse(status: status, headerFields: fields)
            head.headerFields[.contentType] = "application/json"
            try await respond(head, body: JSONRPCError(.init(rawValue: status.code), message, id: nil).bytes)
        case .models:
            // Word for word what the entry says of a path that it does not have.
            let isUnknown = status == .notFound
            try await refuse(isUnknown ? .nothingHere : OpenAIError(status, .server, message, fields: fields))
        }
    }

    /// Refuses for want of room. An HTTP error would end a handshake client's whole session, so that inside one the refusal is a JSON-RPC
    /// error at 200.
    fileprivate func refuseOverload(_ request: InboundRequest, at key: EntryKey, _ subpath: Substring) async throws {
        if key.kind == .models { return try await refuse(OpenAIError.overload) }
        let message = "Too many requests are being answered; try again"
        guard key.kind == .mcp, request.head.headerFields.contains(.mcpSessionID) else {
            return try await refuse(.serviceUnavailable, message, to: request, at: key, subpath, fields: [.retryAfter: "1"])
        }
        let id = try? JSONDocument(parsing: request.body, limits: .message).root["id"]  // without one the error has the id null
        var head = HTTPResponse(status: .ok, headerFields: [.retryAfter: "1"])
        head.headerFields[.contentType] = "application/json"
        try await respond(
            head, body: JSONRPCError(.overloaded, message, id: id.flatMap { $0.kind == .string || $0.int != nil ? $0 : nil }).bytes)
    }
}

extension HTTPField.Name {
    // The literal is a token, so that the failable initialiser cannot fail.
    fileprivate static let mcpSessionID = HTTPField.Name("mcp-session-id") ?? .via
    fileprivate static let forwardedFor = HTTPField.Name("x-forwarded-for") ?? .via
}

/// Something that may refuse a request before an entry sees it.
protocol InboundCheck: Sendable {
    /// The refusal, or nil to pass the request on.
    func refusal(of request: InboundRequest, snapshot: HubSnapshot) -> Refusal?
}

/// A status and what to say with it.
struct Refusal: Sendable {
    var status: HTTPResponse.Status
    var message: String
}

/// Serves only the names the hub is known by (RFC 9110 §15.5.20).
struct HostCheck: InboundCheck {
    func refusal(of request: InboundRequest, snapshot: HubSnapshot) -> Refusal? {
        guard snapshot.hosts.allows(host: request.host) else {
            return Refusal(
                status: .misdirectedRequest, message: "This host name is not served here; the setting hosts names those that are")
        }
        return nil
    }
}

/// Serves only the addresses that the configuration lets in.
struct AddressCheck: InboundCheck {
    func refusal(of request: InboundRequest, snapshot: HubSnapshot) -> Refusal? {
        guard snapshot.callers.admits(request.remoteAddress) else {
            return Refusal(status: .forbidden, message: "Calls from this address are not taken")
        }
        return nil
    }
}

/// Which entry a path belongs to.
enum EntryPath {
    /// `/{kind}/{name}` and what follows; `/v1` and what follows is the Model API named `default`.
    static func split(_ path: Substring) -> (key: EntryKey, subpath: Substring)? {
        if path == "/v1" || path.utf8.starts(with: "/v1/".utf8) { return (EntryKey(kind: .models, name: "default"), path) }
        let rest = path.dropFirst()
        guard path.first == "/", let slash = rest.firstIndex(of: "/"), let kind = EntryKey.Kind(rawValue: String(rest[..<slash])) else {
            return nil
        }
        let after = rest[rest.index(after: slash)...]
        let name = after.prefix { $0 != "/" }
        guard !name.isEmpty else { return nil }
        return (EntryKey(kind: kind, name: String(name)), after[name.endIndex...])
    }
}
