import HubCore

/// What one or several requests to the same method and path have in common: an endpoint in the making.
struct SeenEndpoint {
    /// A part of the path.
    enum Segment: Hashable {
        case literal(String)
        case variable(InferredType)
    }

    /// A parameter by its name on the wire.
    struct Parameter {
        var name: String
        var type: InferredType
        var example: String?
    }

    /// The body.
    enum Body {
        /// Parameters of their own.
        case members([Parameter])
        /// One parameter.
        case whole(InferredType)
    }

    /// What makes two requests calls of one endpoint.
    struct Key: Hashable {
        var origin: String
        var method: String
        var path: [Segment]
        var endsWithSlash: Bool

        /// The key of a request.
        init(_ request: SeenRequest) {
            origin = request.url.origin.origin
            method = request.method
            path = request.url.segments.map { SeenEndpoint.segment($0) }
            endsWithSlash = request.url.endsWithSlash
        }
    }

    private(set) var key: Key
    private(set) var query: [Parameter] = []
    private(set) var body: Body?
    private(set) var contentType: String?
    /// Headers that are always sent.
    private(set) var headers: [(name: String, value: String)] = []
    /// How callers showed who they are.
    private(set) var credentials: [SeenCredential]

    private static let noise: Set<String> = [
        "accept-encoding", "accept-language", "host", "origin", "referer", "user-agent", "connection", "content-length", "content-type",
        "cache-control", "pragma", "dnt", "priority", "te", "trailer", "transfer-encoding", "upgrade", "upgrade-insecure-requests",
        "expect",
        "keep-alive", "http2-settings", "authorization", "cookie", "if-none-match", "if-modified-since", "x-requested-with", "traceparent",
        "tracestate", "baggage", "sentry-trace", "via", "forwarded",
    ]

    /// The endpoint that one request shows.
    init(_ request: SeenRequest) {
        key = Key(request)
        credentials = SeenCredential.all(of: request)
        query = Self.parameters(request.url.query.filter { !SecretSigns.isCredential(name: $0.name) })
        headers = request.headers.lazy.filter(Self.isKept).prefix(20).map { ($0.name, $0.value) }
        contentType = request.contentType.flatMap { $0.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } }
        switch request.body {
        case nil: break
        case .json(.object(let object)) where !object.isEmpty && object.count <= ImportLimits.parameters && Self.isRecord(object):
            body = .members(object.map { Parameter(name: $0.name, type: InferredType($0.value), example: Self.example($0.name, $0.value)) })
        case .json(let value): body = .whole(InferredType(value))
        case .form(let pairs): body = .members(Self.parameters(pairs))
        case .multipart(let parts):
            let text = Self.parameters(parts.filter { !$0.isFile }.map { ($0.name, $0.value) })
            body = .members(text + parts.filter(\.isFile).prefix(20).map { Parameter(name: $0.name, type: .file, example: nil) })
        case .text: body = .whole(.string)
        case .file: body = .whole(.any)
        }
    }

    /// Takes in another request to the same endpoint.
    mutating func merge(_ other: SeenEndpoint) {
        query = Self.merged(query, other.query)
        credentials += other.credentials.filter { !credentials.contains($0) }
        credentials.removeLast(max(0, credentials.count - SeenCredential.maximum))
        headers.removeAll { header in !other.headers.contains { $0 == header } }
        switch (body, other.body) {
        case (.members(let a), .members(let b)): body = .members(Self.merged(a, b))
        case (.whole(let a), .whole(let b)): body = .whole(a.merged(with: b))
        case (nil, let found?): (body, contentType) = (found, other.contentType)
        case (.members, .whole), (.whole, .members): body = .whole(.any)
        case (_, nil): break
        }
    }

    private static func merged(_ a: [Parameter], _ b: [Parameter]) -> [Parameter] {
        var result = a
        for parameter in b {
            if let index = result.firstIndex(where: { $0.name == parameter.name }) {
                // What was null says nothing of the type.
                let (mine, other) = (result[index].type, parameter.type)
                result[index].type = mine == .any ? other : other == .any ? mine : mine.merged(with: other)
            } else if result.count < ImportLimits.parameters {
                result.append(parameter)
            }
        }
        return result
    }

    // MARK: Reading

    private static func segment(_ text: String) -> Segment {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { $0 &- 0x30 < 10 }
        if isNumber { return .variable(text.utf8.count <= 15 && (text == "0" || !text.hasPrefix("0")) ? .integer : .string) }
        let isHexadecimal = text.utf8.count >= 12 && text.utf8.allSatisfy { $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 6 }
        let isVariable = isHexadecimal || SecretSigns.isOpaque(text) || text.contains("@") || text.utf8.count > 80
        return isVariable ? .variable(.string) : .literal(text)
    }

    private static func parameters(_ pairs: [(name: String, value: String)]) -> [Parameter] {
        var result: [Parameter] = []
        for (name, value) in pairs where result.count < ImportLimits.parameters && name.utf8.count <= 200 {
            let type = value.isEmpty ? InferredType.string : InferredType(text: value)
            if let index = result.firstIndex(where: { $0.name == name }) {
                if case .array(let element) = result[index].type {
                    result[index].type = .array(element.merged(with: type))
                } else {
                    result[index].type = .array(result[index].type.merged(with: type))
                }
                result[index].example = nil
            } else {
                result.append(Parameter(name: name, type: type, example: example(name, .string(value))))
            }
        }
        return result
    }

    private static func isRecord(_ object: JSONObject) -> Bool {
        object.keys.allSatisfy { !$0.isEmpty && $0.utf8.count <= 200 && !SecretSigns.isOpaque($0) && Int($0) == nil }
    }

    private static func example(_ name: String, _ value: JSONTree) -> String? {
        guard !SecretSigns.isSecret(name: name) else { return nil }
        switch value {
        case .string(let text):
            let isShown = !text.isEmpty && text.utf8.count <= 60 && !SecretSigns.isOpaque(text)
            return isShown && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ? text : nil
        case .number(let text): return text.utf8.count <= 20 ? text : nil
        case .bool, .null, .array, .object: return nil
        }
    }

    private static func isKept(_ header: (name: String, value: String)) -> Bool {
        let name = header.name.lowercased()
        let isMeant =
            !noise.contains(name) && !["sec-", "proxy-", ":", "x-forwarded", "x-b3", "x-datadog", "cf-"].contains { name.hasPrefix($0) }
        // Browsers and curl say */* where nothing was chosen.
        if name == "accept", header.value.hasPrefix("*/*") || header.value.contains("text/html") { return false }
        return isMeant && !SecretSigns.isSecret(name: name) && !SecretSigns.isOpaque(header.value)
            && TextKind.headerName.accepts(header.name)
            && header.value.utf8.count <= 200 && header.value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && !header.value.contains("{")
    }
}
