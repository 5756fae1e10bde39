import HubCore
import MCPHub
import SpecIngest

extension SettingsBuilder {
    /// Reads one virtual server.
    mutating func readVirtualServer(_ key: ConfigValue, _ value: ConfigValue) {
        guard let name = key.string, serverNames.insert(name).inserted else { return }
        for (_, change) in value["tools"]?.members ?? [] {
            guard let given = change["response"] else { continue }
            findings.error(
                "what is left of an answer is decided where the tool comes from", hint: "write \"response\" at the server", at: given.place)
        }
        settings.virtualServers.append(
            VirtualServerEntry(
                name: name, place: key.place, purpose: value["description"]?.string,
                includes: (value["include"]?.elements ?? []).compactMap(include), auth: auth(value), tools: toolChanges(value),
                profile: profile(value), list: list(value), access: access(value),
                routing: Self.routing(value["routing"]), trust: trust(value)))
        readDefault(name, value)
    }

    private static func routing(_ value: ConfigValue?) -> ToolRouting {
        var routing = ToolRouting()
        guard let value else { return routing }
        routing.mode = value["mode"]?.string.flatMap { ToolRouting.Mode(rawValue: $0) } ?? routing.mode
        routing.limit = value["limit"]?.json.int ?? routing.limit
        routing.synonyms = (value["synonyms"]?.elements ?? []).map { $0.elements.compactMap(\.string) }
        routing.learns = value["learn"]?.json.bool ?? false
        routing.pinned = (value["pinned"]?.elements ?? []).compactMap(\.string)
        return routing
    }

    private func include(_ value: ConfigValue) -> VirtualServerEntry.Include? {
        var from = placed(value["server"])
        if let agent = placed(value["agent"]) { from = Placed(value: VirtualServerEntry.Include.agent + agent.value, place: agent.place) }
        guard let server = from else { return nil }
        let patterns = { (name: String) in value[name].map { $0.elements.compactMap { self.placed($0) } } }
        return VirtualServerEntry.Include(
            server: server, tools: patterns("tools"), prompts: patterns("prompts") ?? [], resources: patterns("resources") ?? [],
            prefix: value["prefix"]?.string ?? "")
    }

    /// Notes the one entry that answers where none is named.
    mutating func readDefault(_ name: String, _ value: ConfigValue) {
        guard let given = value["default"], given.json.bool == true else { return }
        if let first = settings.defaultServer {
            findings.error("only one server can be the default, and \(first) is", hint: "leave one of them out", at: given.place)
        }
        settings.defaultServer = settings.defaultServer ?? name
    }

    /// 1. A virtual server is put together from servers, not from other virtual ones; an agent's skills may be of either.
    /// 2. A server that callers reach by itself, and through a virtual server or an agent only with a stricter `auth`, or where `access` is written there
    /// and not here, is most likely one that somebody forgot to take off the listener: a warning, and an error where others than this machine can call. `expose` says that it is meant.
    mutating func checkIncludes() {
        let virtual = Set(settings.virtualServers.map(\.name))
        let servers = Dictionary(settings.servers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var said: Set<String> = []
        for (entry, isAgent) in settings.virtualServers.map({ ($0, false) })
            + settings.agents.compactMap(\.virtualServer).map({ ($0, true) })
        {
            for include in entry.includes {
                if virtual.contains(include.server.value), !isAgent {
                    findings.error(
                        "\(include.server.value) is a virtual server", hint: "include the servers that it is put together from",
                        at: include.server.place)
                }
                guard let server = servers[include.server.value], server.isExposed, !saysExpose(server),
                    entry.auth.isStricter(than: server.auth) || entry.access != nil && server.access == nil,
                    said.insert(server.name).inserted
                else { continue }
                let message = "\(server.name) is also reached at /mcp/\(server.name), where it asks for less than \(entry.name)"
                let hint = "write expose: false there, or expose: true if that is meant"
                if settings.mayBeOpen {
                    findings.warning(message, hint: hint, at: server.place)
                } else {
                    findings.error(message, hint: hint, at: server.place)
                }
            }
        }
    }

    private func saysExpose(_ server: ServerEntry) -> Bool {
        files.contains { $0.root["servers"]?[server.name]?["expose"] != nil }
    }
}

extension EntryAuth {
    /// Whether it keeps out somebody whom the other lets in.
    fileprivate func isStricter(than other: EntryAuth) -> Bool {
        guard case .asked(let rules) = self else { return false }
        guard case .asked(let others) = other else { return true }
        let isScoped = rules.oauth?.scopes.isEmpty == false && others.oauth?.scopes.isEmpty != false
        return !others.kinds.isSubset(of: rules.kinds) || isScoped && others.kinds.contains(.oauth)
    }
}
