import HubCore
import HubPolicy

extension SettingsBuilder {
    /// Who may call an entry.
    func auth(_ entry: ConfigValue) -> EntryAuth {
        guard let value = entry["auth"] else { return .unwritten }
        guard value.json.kind == .array else { return .none }
        var rules = EntryAuth.Rules(place: value.place)
        for element in value.elements {
            if let kind = element.string.flatMap({ CredentialID.Kind(rawValue: $0) }) { rules.kinds.insert(kind) }
            guard let place = element["apiKey"] else { continue }
            rules.kinds.insert(.apiKey)
            if let header = place["header"]?.string { rules.keyHeaders.append(header) }
            if let parameter = place["query"]?.string { rules.keyParameters.append(parameter) }
        }
        if let oauth = entry["oauth"] {
            rules.oauth = OAuthEntry(
                authorizationServers: oauth["authorizationServers"]?.elements.compactMap(\.string) ?? [],
                scopes: (oauth["scopes"]?.members ?? []).compactMap { key, tools in
                    key.string.map { OAuthEntry.Scope(name: $0, tools: tools.elements.compactMap(\.string).map { NamePattern($0) }) }
                })
        }
        return .asked(rules)
    }

    // MARK: Issuers

    /// Reads one issuer of tokens.
    ///
    /// 1. A key set is for public keys, a secret for HMAC: neither is ever used as the other (RFC 8725 §3.1).
    /// 2. Two entries of one issuer would leave open which of them a token is checked by.
    mutating func readIssuer(_ value: ConfigValue) {
        guard let issuer = value["issuer"]?.string, let keys = keys(value) else { return }
        guard !settings.issuers.contains(where: { $0.issuer == issuer }) else {
            findings.error("\(ConfigFinding.quoted(issuer)) stands twice", hint: nil, at: value.place)
            return
        }
        let isSecret = if case .secret = keys { true } else { false }
        var algorithms: Set<TokenAlgorithm> = isSecret ? [.hs256] : IssuerEntry.asymmetric
        if let written = value["algorithms"] {
            algorithms = []
            for element in written.elements {
                guard let algorithm = element.string.flatMap({ TokenAlgorithm(rawValue: $0) }) else { continue }
                guard (algorithm.minimumSecretLength != nil) == isSecret else {
                    findings.error(
                        "\(algorithm.rawValue) is for \(isSecret ? "public keys" : "a shared secret")",
                        hint: isSecret ? "HS256, HS384 and HS512 are for a secret" : "write secret: in place of jwks:", at: element.place)
                    continue
                }
                algorithms.insert(algorithm)
            }
        }
        let audience = value["audience"]
        settings.issuers.append(
            IssuerEntry(
                issuer: issuer, place: value.place, keys: keys,
                audiences: Set(audience?.string.map { [$0] } ?? audience?.elements.compactMap(\.string) ?? []), algorithms: algorithms,
                consumer: claim(value["consumer"]), groups: claim(value["groups"])))
        if case .url(let url) = keys { warnOfPlainHTTP(url, at: value["jwks"]?.place ?? value.place) }
        if audience == nil {
            findings.warning(
                "tokens of \(ConfigFinding.quoted(issuer)) are taken whomever they are for", hint: "write audience: [NAME]",
                at: value.place)
        }
    }

    /// Whoever can change what comes over plain HTTP can let in whom they want.
    private mutating func warnOfPlainHTTP(_ url: String, at place: SourcePlace) {
        guard let address = HTTPAddress(String(url.prefix { $0 != "?" })), address.scheme == .http, address.hostClass != .loopback else {
            return
        }
        findings.warning("keys come from \(address.origin) without encryption", hint: "use https", at: place)
    }

    private func keys(_ value: ConfigValue) -> IssuerEntry.Keys? {
        if let secret = secret(value["secret"]) { return .secret(secret) }
        guard let jwks = value["jwks"], let text = jwks.string else { return nil }
        return DescriptionLocation.isURL(text) ? .url(text) : .file(Placed(value: jwks.file.resolve(text), place: jwks.place))
    }

    /// The path of a claim.
    mutating func claim(_ value: ConfigValue?) -> ClaimPath? {
        guard let value, let text = value.string else { return nil }
        if let path = ClaimPath(text) { return path }
        findings.error("not the path of a claim", hint: "names with dots between them, at most 16", at: value.place)
        return nil
    }

    // MARK: Consumers

    /// Reads one consumer.
    mutating func readConsumer(_ key: ConfigValue, _ value: ConfigValue) {
        guard let name = key.string, consumerNames.insert(name).inserted else { return }
        var consumer = ConsumerEntry(name: name, place: key.place)
        consumer.groups = Set((value["groups"]?.elements ?? []).compactMap { $0.string.map { ExactText($0) } })
        for element in value["apiKeys"]?.elements ?? [] {
            if let hash = element["sha256"], let text = hash.string {
                consumer.keys.append(.sha256(Placed(value: text, place: hash.place)))
            } else if let reference = secret(element["value"]) {
                consumer.keys.append(.value(reference))
            }
        }
        for element in value["jwt"].map({ $0.json.kind == .array ? $0.elements : [$0] }) ?? [] {
            guard let issuer = element["issuer"], let text = issuer.string else { continue }
            guard settings.issuers.contains(where: { $0.issuer == text }) else {
                findings.error(
                    "no tokens of \(ConfigFinding.quoted(text)) are taken", hint: "name the issuer and its keys under identity: { jwt: … }",
                    at: issuer.place)
                continue
            }
            var claims: [ClaimPath: String] = [:]
            for (name, wanted) in element["claims"]?.members ?? [] { claim(name).map { claims[$0] = wanted.string } }
            consumer.tokens.append(ConsumerEntry.Tokens(issuer: Placed(value: text, place: issuer.place), claims: claims))
        }
        for element in value["hmac"].map({ $0.json.kind == .array ? $0.elements : [$0] }) ?? [] {
            guard let name = element["key"], let text = name.string, let secret = secret(element["secret"]) else { continue }
            consumer.signingKeys.append(ConsumerEntry.SigningKey(name: Placed(value: text, place: name.place), secret: secret))
        }
        settings.consumers.append(consumer)
    }

    // MARK: Ways in

    /// 1. Tokens need an issuer whose they are.
    /// 2. OAuth needs the URL by which clients know the hub, and authorization servers; it is for servers alone.
    /// 3. An authorization server's tokens are each for one server: an issuer that is one and is trusted for consumers' tokens too must say
    ///    for whom those are, or a token for one server would open another.
    /// 3. The metadata of an authorization server says where its keys are, and should come as safely as they.
    mutating func checkTokens() {
        for (key, auth) in settings.auth {
            guard case .asked(let rules) = auth else { continue }
            if rules.kinds.contains(.jwt), settings.issuers.isEmpty {
                findings.error("no tokens are taken", hint: "name whose under identity: { jwt: … }", at: rules.place)
            }
            guard rules.kinds.contains(.oauth) else { continue }
            if key.kind != .mcp { findings.error("oauth is for servers", hint: "agents and Model APIs take jwt", at: rules.place) }
            if settings.publicURL == nil {
                findings.error("oauth needs the URL by which clients know the hub", hint: "write publicUrl", at: rules.place)
            }
            for issuer in settings.issuers where issuer.audiences.isEmpty {
                guard rules.oauth?.authorizationServers.contains(issuer.issuer) == true else { continue }
                findings.error(
                    "\(ConfigFinding.quoted(issuer.issuer)) is an authorization server, and says here of no token for whom it is",
                    hint: "write audience: [NAME]", at: issuer.place)
            }
            if rules.oauth == nil {
                findings.error(
                    "oauth needs authorization servers", hint: "write oauth: { authorizationServers: [URL] } beside it", at: rules.place)
            }
            for server in rules.oauth?.authorizationServers ?? [] where !settings.issuers.contains(where: { $0.issuer == server }) {
                warnOfPlainHTTP(server, at: rules.place)
            }
        }
    }
}
