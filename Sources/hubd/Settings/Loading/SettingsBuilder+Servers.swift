import HubCore
import MCPHub
import SpecIngest

extension SettingsBuilder {
    /// Reads one server.
    mutating func readServer(_ key: ConfigValue, _ value: ConfigValue) {
        guard let name = key.string, let description = description(value), serverNames.insert(name).inserted else { return }
        if case .endpoints = description.value, value["upstream"] == nil {
            findings.error(
                "endpoints written by hand need an upstream that they are sent to",
                hint: "add `upstreams: { \(name): { addresses: [\"http://HOST:PORT\"] } }` and `upstream: \(name)` here",
                at: description.place)
        }
        if description.value.isMCP { checkMCP(value) } else { checkDescribed(value) }
        if let root = value["root"], (value["openapi"] ?? value["wsdl"]).map({ DescriptionLocation.isURL($0.string ?? "") }) ?? true {
            findings.error(
                "\"root\" is for a description that is a file", hint: "one by URL may refer to its own folder and below", at: root.place)
        }
        if let credentials = value["credentials"], value["upstream"] == nil, credentials.json.count > 0, !description.value.isMCP {
            findings.error(
                "credentials are sent to an upstream alone, never to an address that only a description names",
                hint: "add `upstreams: { \(name): { addresses: [\"https://HOST\"] } }` and `upstream: \(name)` here", at: credentials.place)
        }
        checkSOAP(value)
        var entry = ServerEntry(
            name: name, place: key.place, purpose: value["description"]?.string,
            description: description, root: file(value["root"]),
            upstream: placed(value["upstream"]),
            server: value["server"].flatMap { server in Self.text(server).map { Placed(value: $0, place: server.place) } },
            serverVariables: (value["serverVariables"]?.members ?? []).compactMap { key, value in
                guard let name = key.string, let text = Self.text(value) else { return nil }
                return ServerVariable(name: name, place: key.place, value: text)
            },
            credentials: value["credentials"].map { $0.members.compactMap { schemeCredential($0, $1) } },
            refresh: duration(value["refresh"]),
            auth: auth(value),
            tools: toolChanges(value),
            profile: profile(value), list: list(value),
            soap: soap(value["soap"]), answers: AnswerSettings(value["response"]), endpointAnswers: Self.endpointAnswers(value["http"]))
        entry.access = access(value)
        entry.trust = trust(value)
        entry.isExposed = value["expose"]?.json.bool ?? true
        entry.isShared = value["share"]?.json.bool ?? false
        entry.era = value["era"]?.string.flatMap { UpstreamEra(rawValue: $0) } ?? .auto
        entry.signIn = value["credential"].flatMap { signIn($0, description) }
        entry.timeouts = ServerTimeouts(connect: duration(value["timeouts"]?["connect"]), total: duration(value["timeouts"]?["total"]))
        settings.servers.append(entry)
        readDefault(name, value)
    }

    /// What only an API has is not for an MCP server.
    private mutating func checkMCP(_ value: ConfigValue) {
        for name in ["server", "serverVariables", "credentials", "response"] {
            guard let given = value[name] else { continue }
            let hint = name == "credentials" ? "write `credential:` at an upstream, and `upstream: NAME` here" : nil
            findings.error("\"\(name)\" is for an API, and this is an MCP server", hint: hint, at: given.place)
        }
        for (_, change) in value["tools"]?.members ?? [] {
            guard let given = change["response"] else { continue }
            findings.error("what an MCP server answers is passed on as it is", hint: "leave \"response\" out", at: given.place)
        }
        if value["command"] != nil, let upstream = value["upstream"] {
            findings.error("a command runs here, and not at an upstream", hint: "leave \"upstream\" out", at: upstream.place)
        }
        if value["upstream"] != nil, let credential = value["credential"] {
            findings.error(
                "tokens of a sign-in are for the address of the server, and no upstream's", hint: "leave \"upstream\" out",
                at: credential.place)
        }
        if value["command"] != nil { checkAbsent(["credential"], in: value, "for an MCP server with an address") }
        if value["command"] == nil { checkAbsent(["env", "directory", "limits"], in: value, "for a command that the hub starts") }
    }

    /// What an MCP server has is listed for everybody: there is no caller whose token could be exchanged for it.
    mutating func checkOrigins() {
        for entry in settings.servers where entry.description.value.isMCP {
            guard let upstream = entry.upstream, case .tokenExchange = settings.upstreams[upstream.value]?.credential else { continue }
            findings.error(
                "\(entry.name) is listed in nobody's name, and \(upstream.value) is shown callers' exchanged tokens alone",
                hint: "give that MCP server an upstream with a credential of the hub's own", at: upstream.place)
        }
    }

    /// What only an MCP server has is not for an API.
    private mutating func checkDescribed(_ value: ConfigValue) {
        checkAbsent(["env", "directory", "limits"], in: value, "for a command that the hub starts")
        checkAbsent(["share", "era", "timeouts"], in: value, "for an MCP server")
        guard let credential = value["credential"] else { return }
        findings.error(
            "\"credential\" is for an MCP server, and this is an API",
            hint: "write `credentials:` for the security schemes of a description, or `credential:` at an upstream", at: credential.place)
    }

    private mutating func checkAbsent(_ names: [String], in value: ConfigValue, _ what: String) {
        for name in names {
            if let given = value[name] { findings.error("\"\(name)\" is \(what)", hint: nil, at: given.place) }
        }
    }

    private mutating func checkSOAP(_ value: ConfigValue) {
        guard let soap = value["soap"] else { return }
        if value["wsdl"] == nil { findings.error("\"soap\" is for a server with a wsdl", hint: nil, at: soap.place) }
        if let security = soap["security"], value["upstream"] == nil {
            findings.error(
                "a password is sent to an upstream alone, never to an address that only a description names",
                hint: "add `upstreams: { NAME: { addresses: [\"https://HOST\"] } }` and `upstream: NAME` here", at: security.place)
        }
    }

    private func soap(_ value: ConfigValue?) -> SOAPSettings {
        var soap = SOAPSettings(version: value?["version"]?.string.flatMap { SOAPVersion(rawValue: $0) })
        if let security = value?["security"], let username = security["username"]?.string, let password = secret(security["password"]) {
            soap.security = SOAPSettings.Security(
                username: username, password: password, isDigest: security["digest"]?.json.bool ?? false)
        }
        return soap
    }

    /// A name and where it stands.
    func placed(_ value: ConfigValue?) -> Placed<String>? {
        value.flatMap { value in value.string.map { Placed(value: $0, place: value.place) } }
    }

    /// The client that an entry's list is made for.
    func profile(_ entry: ConfigValue) -> Placed<ClientProfile>? {
        entry["profile"].flatMap { profile in
            profile.string.flatMap { ClientProfile(rawValue: $0) }.map { Placed(value: $0, place: profile.place) }
        }
    }

    /// How much an entry's list says of each tool.
    func list(_ entry: ConfigValue) -> Placed<ListDetail>? {
        entry["list"].flatMap { list in Self.detail(list).map { Placed(value: $0, place: list.place) } }
    }

    private static func detail(_ value: ConfigValue) -> ListDetail? {
        if let tokens = value["tokens"]?.json.int { return .within(tokens: tokens) }
        return switch value.string {
        case "full": .full
        case "lazy": .lazy
        default: nil
        }
    }

    private static func text(_ value: ConfigValue) -> String? { value.string ?? value.json.numberText }

    private mutating func schemeCredential(_ key: ConfigValue, _ value: ConfigValue) -> SchemeCredential? {
        if let name = key.string, let service = value["oauthClient"].flatMap({ tokenService($0) }) {
            return SchemeCredential(scheme: name, place: key.place, secret: service.clientSecret, tokenService: service)
        }
        guard let name = key.string, let secret = secret(value["password"] ?? value) else { return nil }
        return SchemeCredential(scheme: name, place: key.place, username: value["username"]?.string, secret: secret)
    }

    private static func endpointAnswers(_ list: ConfigValue?) -> [String: Placed<AnswerSettings>] {
        let written = (list?.elements ?? []).compactMap { endpoint -> (String, Placed<AnswerSettings>)? in
            guard let name = endpoint["name"]?.string, let response = endpoint["response"] else { return nil }
            return (name, Placed(value: AnswerSettings(response), place: response.place))
        }
        return Dictionary(written, uniquingKeysWith: { first, _ in first })
    }

    private func description(_ value: ConfigValue) -> Placed<DescriptionLocation>? {
        if let list = value["http"], list.json.kind == .array {
            return Placed(value: .endpoints(EndpointList(list: list)), place: list.place)
        }
        if let mcp = value["mcp"] {
            return mcp.string.flatMap { RemoteServer($0) }.map { Placed(value: .mcp($0), place: mcp.place) }
        }
        if let command = value["command"], command.json.kind == .array {
            let words = command.elements.compactMap(\.string)
            guard words.count == command.json.count, words.first?.isEmpty == false else { return nil }
            return Placed(value: .command(self.command(words, value)), place: command.place)
        }
        guard let description = value["openapi"] ?? value["wsdl"], let location = description.string else { return nil }
        let isURL = DescriptionLocation.isURL(location)
        return Placed(value: isURL ? .url(location) : .file(description.file.resolve(location)), place: description.place)
    }

    /// A command runs where its file is, as all relative paths begin there.
    private func command(_ words: [String], _ value: ConfigValue) -> ServerCommand {
        let environment = (value["env"]?.members ?? []).compactMap { key, value -> ServerCommand.Variable? in
            guard let name = key.string, let text = value.string else { return nil }
            return ServerCommand.Variable(
                name: name, value: secret(value).map { .reference($0) } ?? .plain(text), place: value.place)
        }
        var command = ServerCommand(words: words, environment: environment, directory: value["directory"]?.path ?? value.file.directory)
        command.limits = CommandLimits(
            memory: value["limits"]?["memory"]?.string.flatMap { ByteSize.parse($0) }, cpuTime: duration(value["limits"]?["cpuTime"]),
            openFiles: value["limits"]?["openFiles"]?.json.int, processes: value["limits"]?["processes"]?.json.int)
        return command
    }
}
