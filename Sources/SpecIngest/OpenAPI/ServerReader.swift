import HubCore

/// Reads where a description says it is served.
struct ServerReader {
    private let reading: DescriptionReading

    init(_ reading: DescriptionReading) {
        self.reading = reading
    }

    // MARK: OpenAPI 3

    /// The first server of a list that can be called; nil where there is no list. A list without one gives the first with its reason.
    func server(of list: JSONValue?) -> ServerReference? {
        guard let list, list.kind == .array, list.count > 0 else { return nil }
        var first: ServerReference?
        for node in list.elements {
            guard let written = node["url"]?.string else {
                reading.log.add(.dropped, "a server has to have a `url`", at: node)
                continue
            }
            let server = Self.server(written, variables: node["variables"])
            switch server {
            case .absolute, .relative:
                return server
            case .unusable(let url, let reason):
                reading.log.add(.dropped, "server \(FindingLog.quoted(url)) cannot be used: \(reason)", at: node)
                first = first ?? server
            case .none:
                break
            }
        }
        return first
    }

    private static func server(_ written: String, variables: JSONValue?) -> ServerReference {
        var url = ""
        var rest = written[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = String(rest[rest.index(after: open)..<close])
            let variable = variables?[name]
            let fallback = variable?["default"] ?? variable?["enum"]?.elements.first { _ in true }
            guard let value = fallback.map({ ParameterShape.text($0) }) else {
                return .unusable(written, reason: "its variable \(FindingLog.quoted(name)) has no default")
            }
            url += rest[..<open] + value
            rest = rest[rest.index(after: close)...]
        }
        return reference(trimmed(url + rest), written: written)
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// What a URL or a relative reference means as a server.
    static func reference(_ url: String, written: String) -> ServerReference {
        if url.isEmpty { return .relative("/") }
        if url.hasPrefix("//") { return .unusable(written, reason: "it has no scheme") }
        if url.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) || url.contains("\\") {
            return .unusable(written, reason: "it contains characters that no address has")
        }
        guard let colon = url.firstIndex(of: ":"), !url[..<colon].contains("/") else {
            let isDotted = url.split(separator: "/").contains { $0 != "." && HTTPAddress.isDotSegment($0) }
            return isDotted ? .unusable(written, reason: "it leads upwards") : .relative(url)
        }
        let scheme = url[..<colon].lowercased()
        guard scheme == "http" || scheme == "https" else {
            return .unusable(written, reason: "its scheme is neither http nor https")
        }
        guard let address = HTTPAddress(url) else { return .unusable(written, reason: "it is no plain http or https address") }
        return .absolute(address)
    }

    // MARK: Swagger 2.0

    /// Host, base path and schemes; `https` where it is offered or nothing is said (Swagger 2.0, "Swagger Object").
    func swagger2(schemes operationSchemes: JSONValue?) -> ServerReference {
        let root = reading.root
        let base = root["basePath"]?.string ?? ""
        let path = base.isEmpty || base.hasPrefix("/") ? base : "/" + base
        guard let host = root["host"]?.string, !host.isEmpty else { return path.isEmpty ? .none : .relative(path) }
        let list = operationSchemes?.kind == .array ? operationSchemes : root["schemes"]
        let offered = list.map { $0.elements.compactMap { $0.string?.lowercased() } } ?? []
        let scheme = offered.isEmpty || offered.contains("https") ? "https" : offered.contains("http") ? "http" : offered[0]
        let server = Self.reference("\(scheme)://\(host)\(path)", written: host + path)
        if case .unusable(let url, let reason) = server {
            reading.log.add(.dropped, "server \(FindingLog.quoted(url)) cannot be used: \(reason)", at: root["host"] ?? root)
        }
        return server
    }
}
