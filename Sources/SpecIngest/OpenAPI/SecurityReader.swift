import HubCore

/// Reads security schemes and requirements.
struct SecurityReader {
    private static let maximumAlternatives = 64
    private static let maximumSchemes = 16

    /// The schemes by name.
    let schemes: [String: SecurityScheme]
    private let common: [SecurityRequirement]
    private let carriers: Set<Carrier>

    /// A parameter in which a credential travels.
    private struct Carrier: Hashable {
        var name: String
        var place: ArgumentBinding.Place

        init(_ name: String, _ place: ArgumentBinding.Place) {
            self.name = place == .header ? name.lowercased() : name
            self.place = place
        }
    }

    init(_ reading: DescriptionReading) {
        let nodes = reading.dialect == .swagger2 ? reading.root["securityDefinitions"] : reading.root[path: "components", "securitySchemes"]
        var schemes: [String: SecurityScheme] = [:]
        for (name, node) in nodes.memberList {
            guard let name = name.string, !name.hasPrefix("x-"), let node = reading.object(node, "the security scheme") else { continue }
            schemes[name] = SecurityScheme(kind: Self.kind(node), description: SchemaShaper.shorten(node["description"]))
        }
        self.schemes = schemes
        self.carriers = Set(
            schemes.values.compactMap { scheme in
                guard case .apiKey(let name, let place) = scheme.kind else { return nil }
                return Carrier(name, place)
            })
        self.common = Self.requirements(reading.root["security"]) ?? []
    }

    /// What an operation demands: its own list, an empty one included, or the document's.
    func requirements(of operation: JSONValue) -> [SecurityRequirement] {
        Self.requirements(operation["security"]) ?? common
    }

    /// Whether a parameter is how one of the schemes sends its credential, and so none of the caller's business.
    func sends(_ name: String, in place: ArgumentBinding.Place) -> Bool {
        !carriers.isEmpty && carriers.contains(Carrier(name, place))
    }

    private static func requirements(_ list: JSONValue?) -> [SecurityRequirement]? {
        guard let list, list.kind == .array else { return nil }
        // One that is left out for its size is one that nobody can satisfy; to cut it short would make it another.
        let alternatives = list.elements.prefix(maximumAlternatives).filter { $0.kind == .object && $0.count <= maximumSchemes }
        return alternatives.map { node in
            SecurityRequirement(
                schemes: node.members.map { name, scopes in
                    SecurityRequirement.Use(scheme: name.string ?? "", scopes: scopes.elements.compactMap(\.string))
                })
        }
    }

    private static func kind(_ node: JSONValue) -> SecurityScheme.Kind {
        let type = node["type"]?.string ?? ""
        switch type.lowercased() {
        case "apikey":
            let places: [String: ArgumentBinding.Place] = ["header": .header, "query": .query, "cookie": .cookie]
            guard let name = node["name"]?.string, let place = places[node["in"]?.string?.lowercased() ?? ""] else { return .unknown(type) }
            return .apiKey(name: name, place: place)
        case "basic": return .http(scheme: "basic")
        case "http": return .http(scheme: node["scheme"]?.string?.lowercased() ?? "")
        case "oauth2": return .oauth2(flows(node))
        case "openidconnect": return .openIDConnect(url: node["openIdConnectUrl"]?.string ?? "")
        case "mutualtls": return .mutualTLS
        default: return .unknown(type)
        }
    }

    private static func flows(_ node: JSONValue) -> [SecurityScheme.OAuthFlow] {
        let flow = { (name: String, node: JSONValue) in
            SecurityScheme.OAuthFlow(
                name: name, tokenURL: node["tokenUrl"]?.string, scopes: node["scopes"].map { $0.members.compactMap(\.name.string) } ?? [])
        }
        if let flows = node["flows"] { return flows.members.map { flow($0.name.string ?? "", $0.value) } }
        // Swagger 2.0 has one flow to a scheme, two of them under other names.
        let names = ["accessCode": "authorizationCode", "application": "clientCredentials"]
        guard let name = node["flow"]?.string else { return [] }
        return [flow(names[name] ?? name, node)]
    }
}
