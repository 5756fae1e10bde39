import HubCore

/// Reads where a description says it is served.
struct ServerReader {
    private static let maximumServers = 64
    private static let maximumValues = 256
    private let reading: DescriptionReading

    init(_ reading: DescriptionReading) {
        self.reading = reading
    }

    // MARK: OpenAPI 3

    /// The servers of a list, and the first of them that can be called; nil where there is no list. Of a list without one that can be
    /// called, the first is given with its reason.
    func servers(of list: JSONValue?) -> (all: [ServerDescription], usable: ServerReference)? {
        guard let list, list.kind == .array, list.count > 0 else { return nil }
        var all: [ServerDescription] = []
        var usable: ServerReference?
        var first: ServerReference?
        for node in list.elements.prefix(Self.maximumServers) {
            guard let written = node["url"]?.string else {
                reading.log.add(.dropped, "a server has to have a `url`", at: node)
                continue
            }
            let server = ServerDescription(name: node["name"]?.string, url: written, variables: Self.variables(node["variables"]))
            all.append(server)
            guard usable == nil else { continue }
            switch server.reference() {
            case .absolute(let address):
                usable = .absolute(address)
                if written.contains("?") { reading.log.add(.dropped, "the query of a server is not sent", at: node) }
            case .relative(let reference): usable = .relative(reference)
            case .unusable(let url, let reason):
                reading.log.add(.dropped, "server \(FindingLog.quoted(url)) cannot be used: \(reason)", at: node)
                first = first ?? .unusable(url, reason: reason)
            case .none: break
            }
        }
        return (usable ?? first).map { (all, $0) }
    }

    private static func variables(_ nodes: JSONValue?) -> [ServerDescription.Variable] {
        nodes.memberList.prefix(maximumServers).map { name, node in
            ServerDescription.Variable(
                name: name.string ?? "", fallback: node["default"].map { ParameterShape.text($0) },
                values: node["enum"].elementList.prefix(maximumValues).map { ParameterShape.text($0) })
        }
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
        // OpenAPI 3.2.0 §4.5: a server has no query; what some write there is no part of where it is.
        guard let address = HTTPAddress(String(url.prefix { $0 != "?" })) else {
            return .unusable(written, reason: "it is no plain http or https address")
        }
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
