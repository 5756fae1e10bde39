import HubCore

extension Settings {
    /// The `Host` values of the public listener: those of the setting and of `publicUrl`; by default the localhost forms and the
    /// listen address.
    var hostRule: HostRule {
        let publicHost = publicURL.map { [$0.host] } ?? []
        return hosts.isEmpty
            ? HostRule(names: publicHost + [listen.host], allowsLoopback: true)
            : HostRule(names: publicHost + hosts.map { HTTPAddress.splitAuthority($0)?.host ?? $0 }, allowsLoopback: false)
    }

    /// Under which address callers know the hub.
    var publicAddress: PublicAddress { PublicAddress(url: publicURL, isEncrypted: !tls.isEmpty) }

    /// What is told of the MCP servers and agents to those who look for some, in the order written.
    var discoveryListings: [Discovery.Listing] {
        servers.filter(\.isExposed).map { Discovery.Listing(key: EntryKey(kind: .mcp, name: $0.name), purpose: $0.purpose) }
            + virtualServers.map { Discovery.Listing(key: EntryKey(kind: .mcp, name: $0.name), purpose: $0.purpose) }
            + agents.map { Discovery.Listing(key: EntryKey(kind: .a2a, name: $0.name), purpose: $0.card.description) }
    }

    /// Whether any virtual server shows what agents have.
    var includesAgents: Bool {
        virtualServers.contains { $0.includes.contains { $0.server.value.hasPrefix(VirtualServerEntry.Include.agent) } }
    }

    /// From where the callers of the public listener come, and from where they may.
    var callerRule: CallerRule {
        CallerRule(trustedProxies: trustedProxies, allow: network.allow, deny: network.deny)
    }

    /// What cannot change while the hub runs.
    func findingsForRestart(since current: Settings) -> [ConfigFinding] {
        let changed = [
            ("listen", listen != current.listen), ("admin.listen", adminListen != current.adminListen),
            ("data", dataDirectory != current.dataDirectory), ("masterKey", masterKey?.identity != current.masterKey?.identity),
            ("tls from none or to none", tls.isEmpty != current.tls.isEmpty),
        ]
        return changed.filter(\.1).map { name, _ in
            ConfigFinding(
                severity: .error, message: "a change of \(name) needs a restart", hint: nil,
                place: SourcePlace(file: files.first ?? "hub.yaml"))
        }
    }
}
