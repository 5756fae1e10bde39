import HubCore
import HubUpstream

extension SettingsBuilder {
    /// How the hub is let in by an upstream.
    mutating func credential(_ value: ConfigValue) -> UpstreamEntry.Credential? {
        if let bearer = secret(value["bearer"]) { return .bearer(bearer) }
        if let header = value["header"], let name = header["name"]?.string, let secret = secret(header["value"]) {
            return .header(name: name, value: secret)
        }
        if let query = value["query"], let name = query["name"]?.string, let secret = secret(query["value"]) {
            return .query(name: name, value: secret)
        }
        if let basic = value["basic"], let username = basic["username"]?.string, let secret = secret(basic["password"]) {
            return .basic(username: username, password: secret)
        }
        if let service = value["oauthClient"].flatMap({ tokenService($0) }) { return .oauthClient(service) }
        if let exchange = value["tokenExchange"], let service = tokenService(exchange) {
            return .tokenExchange(service, subject: Self.subjectTokenType(exchange["subjectTokenType"]?.string))
        }
        if let sigv4 = value["sigv4"], let key = accessKey(sigv4, token: "sessionToken"), let region = headerText(sigv4["region"]),
            let service = headerText(sigv4["service"])
        {
            return .sigv4(key, region: region, service: service)
        }
        if let alibaba = value["alibaba"], let key = accessKey(alibaba, token: "securityToken") {
            return .alibaba(key, action: headerText(alibaba["action"]), version: headerText(alibaba["version"]))
        }
        return nil
    }

    /// Where tokens are issued.
    mutating func tokenService(_ value: ConfigValue) -> TokenServiceEntry? {
        guard let address = protectedAddress(value["tokenUrl"]), let clientID = value["clientId"]?.string,
            let clientSecret = secret(value["clientSecret"])
        else { return nil }
        return TokenServiceEntry(
            address: address, clientID: clientID, clientSecret: clientSecret,
            authentication: value["clientAuth"]?.string == "client_secret_post" ? .post : .basic,
            scopes: value["scopes"]?.elements.compactMap(\.string) ?? [], audience: value["audience"]?.string,
            resource: value["resource"]?.string, authorities: file(value["ca"]))
    }

    /// That an operator signs in at an MCP server.
    mutating func signIn(_ value: ConfigValue, _ description: Placed<DescriptionLocation>) -> SignInEntry? {
        guard let user = value["oauthUser"], case .mcp(let remote) = description.value,
            let url = ServiceURL("\(remote.address.origin)\(remote.path)\(remote.query)")
        else { return nil }
        if remote.address.scheme != .https, remote.address.hostClass != .loopback {
            findings.error("a token would be sent to this address in the clear", hint: "begin it with https://", at: description.place)
        }
        for scope in user["scopes"]?.elements ?? [] where !ScopeList.isScope(scope.string ?? "") {
            findings.error("this is not a scope", hint: "write each scope by itself, without spaces and quotes", at: scope.place)
        }
        if let scopes = user["scopes"], scopes.json.count > ScopeList.maximum {
            findings.error("these are more than \(ScopeList.maximum) scopes", hint: nil, at: scopes.place)
        }
        if let secret = user["clientSecret"], user["clientId"] == nil {
            findings.error("a client secret is that of a client", hint: "write clientId beside it", at: secret.place)
        }
        _ = protectedAddress(user["authorizationServer"])
        return SignInEntry(
            url: url, clientID: headerText(user["clientId"]), clientSecret: secret(user["clientSecret"]),
            scopes: user["scopes"]?.elements.compactMap(\.string),
            authorizationServer: user["authorizationServer"]?.string.flatMap {
                ServiceURL($0)
            }, place: user.place)
    }

    private static func subjectTokenType(_ word: String?) -> SubjectTokenType {
        switch word {
        case "jwt": .jwt
        case "id_token": .idToken
        default: .accessToken
        }
    }

    // MARK: Places that keep secrets

    /// The places that keep secrets.
    mutating func secretStores(_ value: ConfigValue?) -> SecretStores {
        SecretStores(
            vault: value?["vault"].flatMap { vault($0) }, aws: value?["aws"].flatMap { cloud($0, token: "sessionToken") },
            alibaba: value?["alibaba"].flatMap { cloud($0, token: "securityToken") })
    }

    private mutating func vault(_ value: ConfigValue) -> SecretStores.Vault? {
        guard let address = protectedAddress(value["address"]) else { return nil }
        let login: SecretStores.Vault.Login
        if let token = secret(value["token"]) {
            login = .token(token)
        } else if let role = value["appRole"], let roleID = text(role["roleId"]), let secretID = secret(role["secretId"]) {
            login = .appRole(roleID: roleID, secretID: secretID, mount: role["mount"]?.string ?? "approle")
        } else {
            return nil
        }
        return SecretStores.Vault(
            address: address, login: login, namespace: headerText(value["namespace"]), mount: value["mount"]?.string,
            authorities: file(value["ca"]))
    }

    private mutating func cloud(_ value: ConfigValue, token: String) -> SecretStores.Cloud? {
        guard let region = value["region"]?.string, let key = value["credential"].flatMap({ accessKey($0, token: token) }) else {
            return nil
        }
        if let written = value["region"], HTTPAddress("https://x.\(region).example") == nil || region.contains("/") {
            findings.error(
                "this is not the name of a region", hint: "write it as the provider does, such as eu-central-1", at: written.place)
            return nil
        }
        var cloud = SecretStores.Cloud(place: value.place, region: region, key: key)
        for (name, field) in [("endpoint", \SecretStores.Cloud.endpoint), ("kmsEndpoint", \SecretStores.Cloud.keyEndpoint)] {
            guard let written = value[name] else { continue }
            guard let address = protectedAddress(written) else { return nil }
            cloud[keyPath: field] = address
        }
        return cloud
    }

    /// A master key must not be kept where only what is sealed under it lets the hub in.
    mutating func checkMasterKey() {
        guard let key = settings.masterKey else { return }
        for secret in settings.secretStores.access(for: key.scheme) where secret.scheme == .store {
            findings.error(
                "this is sealed under the master key, which is kept where this lets the hub in",
                hint: "keep it elsewhere: env:NAME or file:PATH", at: secret.place)
        }
    }

    // MARK: Parts

    mutating func accessKey(_ value: ConfigValue, token: String) -> AccessKey? {
        guard let id = text(value["id"]), let secret = secret(value["secret"]) else { return nil }
        return AccessKey(id: id, secret: secret, token: self.secret(value[token]))
    }

    private mutating func text(_ value: ConfigValue?) -> SettingText? {
        if let reference = secret(value) { return .reference(reference) }
        return headerText(value).map { .plain($0) }
    }

    /// Text that may stand in a header field.
    private mutating func headerText(_ value: ConfigValue?) -> String? {
        guard let value, let text = value.string else { return nil }
        guard !text.isEmpty, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            findings.error("this must be letters, digits and signs of ASCII, without spaces", hint: nil, at: value.place)
            return nil
        }
        return text
    }

    /// An address that a secret is sent to: nobody on the way may read it.
    private mutating func protectedAddress(_ value: ConfigValue?) -> HTTPAddress? {
        guard let value, let address = value.string.flatMap({ HTTPAddress($0) }) else { return nil }
        if address.scheme != .https, address.hostClass != .loopback {
            findings.error("a secret is sent to this address in the clear", hint: "begin it with https://", at: value.place)
        }
        return address
    }
}
