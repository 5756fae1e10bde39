import HubCore
import HubUpstream
import MCPHub
import NIOCore

extension SnapshotBuilder {
    /// What limits of time an upstream has by itself. Answers of MCP servers are streams that stay open; each call has a limit of its own.
    private static let streamLimit = Duration.seconds(24 * 3600)

    /// The MCP servers of `settings` that can be reached, by the names of their entries; those that cannot have a finding. With an error
    /// among the findings none is: without the credential that could not be read, nobody is to be bothered.
    ///
    /// - Parameters:
    ///   - standings: where somebody is signed in, and where not.
    ///   - secrets: nil: none is read, and no server is reached.
    func originServers(
        _ settings: Settings, upstreams: [String: UpstreamSettings], standings: [String: SignIns.Standing], secrets: ResolvedSecrets?,
        _ findings: inout FindingCollector
    ) -> [String: UpstreamServer] {
        guard let secrets, !findings.hasErrors else { return [:] }
        var servers: [String: UpstreamServer] = [:]
        for entry in settings.servers where secrets.firstAway(of: settings.secrets(of: entry)) == nil {
            do throws(ConfigFinding) {
                let written = entry.upstream.flatMap { settings.upstreams[$0.value] }
                let timeouts = ServerTimeouts(
                    connect: entry.timeouts.connect, total: entry.timeouts.total ?? written?.timeouts.total)
                guard
                    var way = try way(to: entry, written: written, upstream: entry.upstream.flatMap { upstreams[$0.value] }, secrets)
                else { continue }
                if let signIn = entry.signIn, let standing = standings[entry.name], case .http(var upstream, let suffix) = way {
                    upstream.credential = .signIn(
                        SignInSettings(
                            server: entry.name, url: signIn.url, generation: standing.generation,
                            clientSecret: try signIn.clientSecret.flatMap { reference throws(ConfigFinding) in
                                try secrets.sendable(reference)
                            },
                            namedOrigins: signIn.namedOrigins, store: signIns.store))
                    way = .http(upstream, suffix: suffix)
                }
                servers[entry.name] = origins.server(of: entry, by: way, timeouts: timeouts)
            } catch {
                findings.add([error])
            }
        }
        return servers
    }

    private func way(
        to entry: ServerEntry, written: UpstreamEntry?, upstream: UpstreamSettings?, _ secrets: ResolvedSecrets
    ) throws(ConfigFinding) -> Origins.Way? {
        switch entry.description.value {
        case .mcp(let remote): return Self.way(to: remote, of: entry, written: written, upstream: upstream)
        case .command(let command):
            var environment: [String: String] = [:]
            for variable in command.environment {
                let value =
                    switch variable.value {
                    case .plain(let text): text
                    case .reference(let reference): try secrets.value(of: reference)?.revealed ?? ""
                    }
                guard !value.utf8.contains(0) else {
                    throw ConfigFinding(
                        severity: .error, message: "the value has a zero byte in it, which no environment variable can hold", hint: nil,
                        place: variable.place)
                }
                environment[variable.name] = value
            }
            var settings = ChildProcessSettings(
                command: command.words, environment: environment, workingDirectory: command.directory.isEmpty ? nil : command.directory)
            settings.limit(by: command.limits)
            return .process(settings)
        case .file, .url, .endpoints: return nil
        }
    }

    /// 1. Without an upstream the server is where its URL says.
    /// 2. An upstream says scheme, host and port, and its path, where it has one, is that of the server.
    private static func way(
        to remote: RemoteServer, of entry: ServerEntry, written: UpstreamEntry?, upstream: UpstreamSettings?
    ) -> Origins.Way {
        let endsInSlash = remote.path.hasSuffix("/") && !remote.address.path.isEmpty
        var suffix = (endsInSlash ? "/" : "") + remote.query
        var settings =
            upstream
            ?? UpstreamSettings(
                name: entry.name, addresses: [UpstreamAddress(address: remote.address)], isOperatorDefined: true)
        if upstream != nil {
            if settings.addresses.contains(where: { !$0.address.path.isEmpty }) { suffix = remote.query }
            settings.addresses = settings.addresses.map { entry in
                let address = entry.address
                guard address.path.isEmpty,
                    let whole = HTTPAddress(
                        scheme: address.scheme, host: address.host, port: address.port, path: remote.address.path)
                else { return entry }
                return UpstreamAddress(address: whole, weight: entry.weight)
            }
        }
        let defaults = UpstreamTimeouts(firstByte: streamLimit, idle: streamLimit)
        settings.timeouts = written?.timeouts.over(defaults) ?? defaults
        settings.timeouts.total = streamLimit
        settings.asksForCompression = false  // a compressor between holds events back
        return .http(settings, suffix: suffix)
    }
}

extension ChildProcessSettings {
    /// Sets the limits that are written.
    fileprivate mutating func limit(by limits: CommandLimits) {
        maximumMemoryBytes = limits.memory ?? maximumMemoryBytes
        // Whole seconds, at least one: what begins counts.
        if let time = limits.cpuTime { maximumProcessorSeconds = Int(time.components.seconds) + (time.components.attoseconds > 0 ? 1 : 0) }
        maximumOpenFiles = limits.openFiles ?? maximumOpenFiles
        maximumProcessesOfProgram = limits.processes ?? maximumProcessesOfProgram
    }
}
