import HubCore

/// Writes an endpoint as it stands in `hub.yaml`.
struct EndpointWriter {
    private let endpoint: SeenEndpoint
    private var taken: Set<String> = []
    private var parameters: [String] = []
    private var target = ""
    private var template: String?

    /// Whether a method's parameters go into the query unless they say otherwise.
    private var isQueryDefault: Bool { ["GET", "HEAD", "DELETE", "QUERY"].contains(endpoint.key.method) }

    init(_ endpoint: SeenEndpoint) {
        self.endpoint = endpoint
    }

    /// The name that method and path suggest: `get_ticket_by_id` is left to people, this is `get_tickets_by_id`.
    static func name(of endpoint: SeenEndpoint) -> String {
        var words = [endpoint.key.method.lowercased()]
        for case .literal(let text) in endpoint.key.path {
            let word = safe(text)
            let isPrefix = word == "api" || word.first == "v" && word.dropFirst().allSatisfy(\.isNumber) && word.count < 4
            if !isPrefix, !word.isEmpty { words.append(word) }
        }
        if case .variable = endpoint.key.path.last { words.append("by_id") }
        if words.count == 1 { words.append("root") }
        return String(words.joined(separator: "_").prefix(60))
    }

    /// The lines of the list's element, with the first at `indent` spaces.
    mutating func lines(named name: String, indent: Int) -> [String] {
        var bodyNames: [String] = []
        if case .members(let members) = endpoint.body { bodyNames = members.map(\.name) }
        taken = Set(bodyNames + endpoint.query.map(\.name))
        writePath()
        writeQuery(besides: Set(bodyNames))
        writeBody()
        var lines = ["- name: \(name)", "  request: \(YAMLText.quoted("\(endpoint.key.method) \(target)"))"]
        if !endpoint.headers.isEmpty {
            lines.append("  headers:")
            lines += endpoint.headers.map { "    \(YAMLText.key($0.name)): \(YAMLText.quoted($0.value))" }
        }
        if !parameters.isEmpty { lines += ["  parameters:  # types inferred"] + parameters.map { "    " + $0 } }
        if let template { lines.append("  body: \(YAMLText.quoted("{\(template)}"))") }
        if endpoint.body != nil, let type = endpoint.contentType, type != "application/json" {
            lines.append("  contentType: \(YAMLText.quoted(type))")
        }
        return lines.map { String(repeating: " ", count: indent) + $0 }
    }

    private mutating func writePath() {
        var last = ""
        for segment in endpoint.key.path {
            target += "/"
            switch segment {
            case .literal(let text):
                target += PercentEncoding.encode(text)
                last = Self.singular(Self.safe(text))
            case .variable(let type):
                let name = unique(last.isEmpty ? "id" : last + "_id")
                target += "{\(name)}"
                parameters.append("\(name): { \(type.schema) }")
            }
        }
        if endpoint.key.path.isEmpty || endpoint.key.endsWithSlash { target += "/" }
    }

    private mutating func writeQuery(besides body: Set<String>) {
        var isFirst = true
        for parameter in endpoint.query {
            guard body.contains(parameter.name) else {
                add(parameter, named: parameter.name, place: isQueryDefault ? nil : "query")
                continue
            }
            // The body has a member of this name.
            let name = unique("query_" + Self.safe(parameter.name))
            target += (isFirst ? "?" : "&") + PercentEncoding.encode(parameter.name) + "={\(name)}"
            isFirst = false
            add(parameter, named: name, place: nil)
        }
    }

    private mutating func writeBody() {
        switch endpoint.body {
        case nil: break
        case .members(let members):
            for member in members { add(member, named: member.name, place: isQueryDefault ? "body" : nil) }
        case .whole(let type):
            let name = unique("body")
            parameters.append("\(name): { \((type.schema.isEmpty ? [] : [type.schema]).joined()) }")
            template = name
        }
    }

    private mutating func add(_ parameter: SeenEndpoint.Parameter, named name: String, place: String?) {
        let parts = [
            parameter.type.schema.isEmpty ? nil : parameter.type.schema, place.map { "in: \($0)" },
            parameter.example.map { "description: \(YAMLText.quoted("For example \($0)"))" },
        ].compactMap { $0 }
        parameters.append("\(YAMLText.key(name)): " + (parts.isEmpty ? "{}" : "{ \(parts.joined(separator: ", ")) }"))
    }

    private mutating func unique(_ name: String) -> String {
        let result = ImportWriter.numbered(name, separator: "_", unless: taken)
        taken.insert(result)
        return result
    }

    private static func safe(_ text: String) -> String {
        SecretSigns.words(of: text).map { $0.filter { $0.isASCII } }.filter { !$0.isEmpty }.joined(separator: "_")
    }

    private static func singular(_ word: String) -> String {
        let name = word.first?.isNumber == true ? "_" + word : word
        if name.hasSuffix("ies"), name.count > 4 { return name.dropLast(3) + "y" }
        return name.hasSuffix("s") && !name.hasSuffix("ss") && name.count > 3 ? String(name.dropLast()) : name
    }
}
