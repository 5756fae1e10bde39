import HubCore
import NIOCore
import SpecIngest

/// Writes what requests show as a configuration: upstreams, servers, and the endpoints of each. It has no secret in it.
struct ImportWriter {
    private let name: String?
    private let notes: [String]
    private var groups: [(origin: String, endpoints: [SeenEndpoint])] = []
    private var positions: [SeenEndpoint.Key: (group: Int, endpoint: Int)] = [:]
    private(set) var leftOut = 0
    private var count = 0

    /// - Parameters:
    ///   - name: what to call the server, where there is only one.
    ///   - notes: sentences about what was not taken over.
    init(name: String?, notes: [String]) {
        self.name = name
        self.notes = notes
    }

    /// Takes in a request.
    mutating func add(_ request: SeenRequest) {
        let key = SeenEndpoint.Key(request)
        if let position = positions[key] {
            groups[position.group].endpoints[position.endpoint].merge(SeenEndpoint(request))
            return
        }
        var group = groups.firstIndex { $0.origin == key.origin }
        if group == nil, groups.count < ImportLimits.upstreams, count < ImportLimits.endpoints {
            groups.append((key.origin, []))
            group = groups.count - 1
        }
        guard let group, count < ImportLimits.endpoints else {
            leftOut += 1
            return
        }
        count += 1
        positions[key] = (group, groups[group].endpoints.count)
        groups[group].endpoints.append(SeenEndpoint(request))
    }

    /// The configuration; nil where there is no endpoint to write.
    mutating func text() -> String? {
        var lines = [
            "# Inferred by hubd import from examples: look over names, types, and what is required.",
            "# Credentials were left out; see whether the examples hold anything else that is private.",
        ]
        var upstreams = ["upstreams:"]
        var servers = ["servers:"]
        var names: Set<String> = []
        for (origin, endpoints) in groups {
            let entry = Self.entry(origin, name: groups.count == 1 ? name : nil, &names)
            let written = endpointLines(endpoints)
            guard !written.isEmpty else { continue }
            let key = YAMLText.key(entry)
            upstreams += ["  \(key):", "    addresses: [\(YAMLText.quoted(origin))]"] + Self.credentialLines(endpoints, entry)
            servers += ["  \(key):", "    upstream: \(key)", "    http:"] + written
        }
        guard servers.count > 1 else { return nil }
        lines += notes.map { "# \($0)." }
        if leftOut > 0 { lines.append("# \(leftOut) endpoints were left out: there are too many, or they cannot be written.") }
        return (lines + upstreams + servers).joined(separator: "\n")
    }

    private mutating func endpointLines(_ endpoints: [SeenEndpoint]) -> [String] {
        var names: Set<String> = []
        var lines: [String] = []
        for endpoint in endpoints {
            let name = Self.numbered(EndpointWriter.name(of: endpoint), separator: "_", unless: names)
            var writer = EndpointWriter(endpoint)
            let written = writer.lines(named: name, indent: 6)
            // What a stranger's recording makes of a path may be no path; the reader of the configuration decides.
            guard Self.isReadable(written) else {
                leftOut += 1
                continue
            }
            names.insert(name)
            lines += written
        }
        return lines
    }

    private static func isReadable(_ lines: [String]) -> Bool {
        guard let document = try? SourceDocument(reading: ByteBuffer(string: lines.joined(separator: "\n"))) else { return false }
        let api = EndpointReader.read(document.json.root, in: document)
        return api.operations.count == 1 && api.findings.isEmpty
    }

    // MARK: Words

    private static func entry(_ origin: String, name: String?, _ names: inout Set<String>) -> String {
        let host = HTTPAddress(origin)?.host ?? ""
        let wanted = name ?? EntryName.suggestion(for: String(host.prefix(56))) ?? "api"
        let entry = numbered(wanted, separator: "-", unless: names)
        names.insert(entry)
        return entry
    }

    /// `wanted`, or with the first number from 2 on that makes it none of `taken`.
    static func numbered(_ wanted: String, separator: String, unless taken: Set<String>) -> String {
        var name = wanted
        var round = 1
        while taken.contains(name) {
            round += 1
            name = "\(wanted)\(separator)\(round)"
        }
        return name
    }

    /// One credential becomes a setting, the plainest; of the others, a comment says that they were there.
    private static func credentialLines(_ endpoints: [SeenEndpoint], _ entry: String) -> [String] {
        var found: [SeenCredential] = []
        for credential in endpoints.flatMap(\.credentials) where !found.contains(credential) && found.count < 10 {
            found.append(credential)
        }
        let base = entry.uppercased().replacing("-", with: "_")
        let variable = (base.first?.isNumber == true ? "API_" : "") + base
        let settings = found.compactMap { setting($0, variable) }
        guard let first = settings.first else {
            return found.isEmpty ? [] : ["    # The request had cookies, which were left out: a header Cookie can be the credential."]
        }
        let others = settings.dropFirst().map { "    # another was left out: credential: \($0)" }
        return ["    credential: \(first)"] + others
    }

    private static func setting(_ credential: SeenCredential, _ variable: String) -> String? {
        switch credential {
        case .bearer: "{ bearer: env:\(variable)_TOKEN }"
        case .basic: "{ basic: { username: CHANGE-ME, password: env:\(variable)_PASSWORD } }"
        case .header(let name) where TextKind.headerName.accepts(name):
            "{ header: { name: \(YAMLText.quoted(name)), value: env:\(variable)_KEY } }"
        case .query(let name): "{ query: { name: \(YAMLText.quoted(name)), value: env:\(variable)_KEY } }"
        case .header, .cookie: nil
        }
    }
}
