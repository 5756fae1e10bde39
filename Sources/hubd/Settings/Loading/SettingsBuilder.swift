import HubCore
import SpecIngest

/// Turns files whose form has been checked into `Settings`, and says what is wrong with their meaning.
///
/// It also runs on files with wrong form, so that all findings come at once: what it cannot read it leaves out, because the
/// check has complained about it already. Its result counts only if there was no error.
struct SettingsBuilder {
    /// What has been found.
    var findings: FindingCollector
    let files: [ConfigFile]
    private let consumerLists: [ConfigValue]
    private let overrides: SettingsOverrides
    var settings = Settings()
    var serverNames: Set<String> = []
    var modelNames: Set<String> = []
    var agentNames: Set<String> = []
    var consumerNames: Set<String> = []

    /// - Parameter consumerLists: the mappings of consumers by name, those in files of their own included.
    init(files: [ConfigFile], consumerLists: [ConfigValue], overrides: SettingsOverrides, findings: FindingCollector) {
        self.files = files
        self.consumerLists = consumerLists
        self.overrides = overrides
        self.findings = findings
    }

    /// The settings of all files together.
    mutating func build() -> Settings {
        readListeners()
        readHub()
        settings.signatureSkew = duration(top("identity")?["hmac"]?["clockSkew"]) ?? settings.signatureSkew
        settings.allowsSHA1 = top("identity")?["hmac"]?["sha1"]?.json.bool ?? settings.allowsSHA1
        for element in top("identity")?["jwt"]?.elements ?? [] { readIssuer(element) }
        for list in consumerLists {
            for (key, value) in list.members { readConsumer(key, value) }
        }
        for file in files {
            for (key, value) in file.root["upstreams"]?.members ?? [] { readUpstream(key, value) }
        }
        for file in files {
            for (key, value) in file.root["servers"]?.members ?? [] { readServer(key, value) }
        }
        for file in files {
            for (key, value) in file.root["virtualServers"]?.members ?? [] { readVirtualServer(key, value) }
        }
        for file in files {
            for (key, value) in file.root["models"]?.members ?? [] { readModel(key, value) }
        }
        for file in files {
            for (key, value) in file.root["agents"]?.members ?? [] { readAgent(key, value) }
        }
        for (section, kind) in [("servers", EntryKey.Kind.mcp), ("virtualServers", .mcp), ("agents", .a2a), ("models", .models)] {
            for file in files {
                for (key, value) in file.root[section]?.members ?? [] { readCORS(key, value, kind: kind) }
            }
        }
        checkAuth()
        checkIncludes()
        checkAgents()
        checkOrigins()
        checkTokens()
        return settings
    }

    /// A top-level value of the first file that has it.
    private func top(_ name: String) -> ConfigValue? {
        for file in files {
            if let value = file.root[name] { return value }
        }
        return nil
    }

    // MARK: The hub

    private mutating func readListeners() {
        let admin = top("admin")
        settings.listen = address(overrides.listen, top("listen")) ?? settings.listen
        settings.adminListen = address(overrides.admin, admin?["listen"]) ?? settings.adminListen
        if settings.listen == settings.adminListen, settings.listen.port != 0 {
            let place = overrides.admin?.place ?? admin?["listen"]?.place ?? overrides.listen?.place ?? top("listen")?.place
            findings.error(
                "the public and the admin listener cannot both be at \(settings.listen)", hint: "give one of them another port",
                at: place ?? SourcePlace(file: overrides.configPath))
        }
    }

    private mutating func address(_ override: Placed<String>?, _ value: ConfigValue?) -> ListenAddress? {
        guard let override else { return value?.string.flatMap { ListenAddress($0) } }
        if let address = ListenAddress(override.value) { return address }
        findings.error("not \(TextKind.hostPort.noun)", hint: TextKind.hostPort.advice(for: override.value), at: override.place)
        return nil
    }

    private mutating func readHub() {
        settings.publicURL = top("publicUrl")?.string.flatMap { HTTPAddress($0) }
        settings.hosts = top("hosts")?.elements.compactMap(\.string) ?? []
        settings.trustedProxies = ranges(top("trustedProxies"))
        let network = top("policies")?["network"]
        settings.network = Settings.Network(allow: ranges(network?["allow"]), deny: ranges(network?["deny"]))
        for origin in top("policies")?["webhooks"]?["allow"]?.elements ?? [] {
            if let range = origin.string.flatMap({ AddressRange($0) }) { settings.webhooks.ranges.append(range) }
            guard let address = origin.string.flatMap({ HTTPAddress($0) }) else { continue }
            settings.webhooks.origins.insert(address)
        }
        settings.tls = (top("tls")?.elements ?? []).compactMap(certificate)
        if let bounds = top("bounds") {
            settings.bounds.headerBytes = bounds["headerBytes"]?.byteSize ?? settings.bounds.headerBytes
            settings.bounds.bodyBytes = bounds["bodyBytes"]?.byteSize ?? settings.bounds.bodyBytes
            settings.bounds.connections = bounds["connections"]?.json.int ?? settings.bounds.connections
            settings.bounds.perAddress = bounds["perAddress"]?.json.int ?? settings.bounds.perAddress
            settings.bounds.inFlight = bounds["inFlight"]?.json.int ?? settings.bounds.inFlight
            settings.bounds.heldBytes = bounds["heldBytes"]?.byteSize ?? settings.bounds.heldBytes
        }
        settings.adminToken = secret(top("admin")?["token"])
        settings.isMetricsOpen = top("admin")?["metrics"]?.string == "open"
        settings.masterKey = secret(top("masterKey"))
        settings.secretStores = secretStores(top("secrets"))
        checkMasterKey()
        let beside = files.first.map { $0.resolve("hub-data") } ?? settings.dataDirectory
        settings.dataDirectory = overrides.data?.value ?? top("data")?.path ?? beside
    }

    private func ranges(_ value: ConfigValue?) -> [AddressRange] {
        (value?.elements ?? []).compactMap { $0.string.flatMap { AddressRange($0) } }
    }

    private func certificate(_ value: ConfigValue) -> TLSEntry? {
        guard let certificate = file(value["certificate"]), let key = secret(value["key"]) else { return nil }
        return TLSEntry(
            names: value["names"]?.elements.compactMap(\.string) ?? [], certificate: certificate, key: key,
            clientAuthorities: file(value["clientCA"]))
    }

    func file(_ value: ConfigValue?) -> Placed<String>? {
        value.flatMap { value in value.path.map { Placed(value: $0, place: value.place) } }
    }

    func duration(_ value: ConfigValue?) -> Duration? { value?.string.flatMap { Duration(setting: $0) } }

    func secret(_ value: ConfigValue?) -> SecretReference? {
        value.flatMap { value in value.string.flatMap { SecretReference($0, directory: value.file.directory, place: value.place) } }
    }

    // MARK: Upstreams

    private mutating func readUpstream(_ key: ConfigValue, _ value: ConfigValue) {
        guard let name = key.string, settings.upstreams[name] == nil else { return }
        let addresses = (value["addresses"]?.elements ?? []).compactMap { element -> UpstreamEntry.Address? in
            let url = (element.string ?? element["url"]?.string).flatMap { HTTPAddress($0) }
            return url.map { UpstreamEntry.Address(url: $0, weight: element["weight"]?.json.int ?? 1) }
        }
        for (field, isMeant) in [("http", value["http"]?.json.int == 2), ("tls", value["tls"] != nil)] where isMeant {
            guard let plain = addresses.first(where: { $0.url.scheme != .https }), let place = value[field]?.place else { continue }
            findings.error("\"\(field)\" is for https, and \(plain.url) is not", hint: "begin the addresses with https://", at: place)
        }
        let timeouts = value["timeouts"]
        settings.upstreams[name] = UpstreamEntry(
            name: name, place: key.place, addresses: addresses,
            balance: value["balance"]?.string.flatMap { UpstreamEntry.Balance(rawValue: $0) } ?? .roundRobin,
            credential: value["credential"].flatMap { credential($0) },
            timeouts: UpstreamEntry.Timeouts(
                connect: duration(timeouts?["connect"]), firstByte: duration(timeouts?["firstByte"]), idle: duration(timeouts?["idle"]),
                total: duration(timeouts?["total"])),
            usesHTTP2: value["http"]?.json.int == 2,
            authorities: file(value["tls"]?["ca"]))
    }

    // MARK: Entries

    /// The web pages that may use an entry of any kind.
    private mutating func readCORS(_ key: ConfigValue, _ value: ConfigValue, kind: EntryKey.Kind) {
        guard let name = key.string, let origins = value["cors"]?["origins"]?.elements, !origins.isEmpty else { return }
        for origin in origins where origin.string.flatMap({ HTTPAddress($0) })?.path.isEmpty == false {
            findings.error("an origin has no path", hint: "write scheme, host and port alone", at: origin.place)
        }
        settings.cors[EntryKey(kind: kind, name: name)] = CORSRule(origins: origins.compactMap(\.string))
    }

    // MARK: Who may call

    /// 1. An entry that says `auth`, `none` included, is in order.
    /// 2. An entry with `expose: false` is not on the listener.
    /// 3. Every other entry may be open only while nobody but this machine can call.
    private mutating func checkAuth() {
        guard !settings.mayBeOpen else { return }
        let reason =
            settings.publicURL != nil
            ? "publicUrl is set" : !settings.trustedProxies.isEmpty ? "trustedProxies is set" : "the hub listens on \(settings.listen)"
        for file in files {
            for section in ["servers", "virtualServers", "agents", "models"] {
                for (key, entry) in file.root[section]?.members ?? []
                where entry.json.kind == .object && entry["auth"] == nil && entry["expose"]?.json.bool != false {
                    let name = ConfigFinding.quoted("\(section).\(key.string ?? "")")
                    findings.error("\(name) has no auth, and \(reason)", hint: "write auth: none to leave it open", at: key.place)
                }
            }
        }
    }
}
