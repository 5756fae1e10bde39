import HubCore
import NIOCore

extension SecurityRequirement {
    /// Reads a requirement: `{"schemes":{name:{"list":[…]}}}` of 1.0 or `{name:[…]}` of 0.3.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        let inner = source["schemes"].flatMap { $0.json.kind == .object ? $0 : nil }
        schemes = []
        for (name, value) in try (inner ?? source).members() {
            let list = value.json.kind == .object ? value["list"] : value
            var scopes: [String] = []
            for scope in try list?.elements() ?? [] { scopes.append(try scope.text()) }
            schemes.append(RequiredScheme(name: name, scopes: scopes))
        }
    }

    /// Writes the requirement.
    func write(to json: inout JSONWriter, as version: A2AVersion) {
        json.object { json in
            guard version == .v1_0 else {
                for scheme in schemes { json.member(scheme.name, scheme.scopes) }
                return
            }
            json.object("schemes") { json in
                for scheme in schemes { json.object(scheme.name) { $0.member("list", scheme.scopes) } }
            }
        }
    }
}

extension SecurityScheme {
    /// Reads a scheme: inside a member named after its kind in 1.0, with a `type` in 0.3. Nil where it is of a kind that is not known.
    init?(reading source: WireValue) throws(WireProblem) {
        let source = try source.object()
        let type = try source.text("type")
        for name in Member.allCases {
            guard let scheme = source[name.rawValue] ?? (type == name.type ? source : nil) else { continue }
            description = try scheme.object().text("description")
            kind = try Self.kind(name, scheme)
            return
        }
        return nil
    }

    /// The kinds, by the members of 1.0.
    private enum Member: String, CaseIterable {
        case apiKeySecurityScheme, httpAuthSecurityScheme, oauth2SecurityScheme, openIdConnectSecurityScheme, mtlsSecurityScheme

        /// The name in 0.3.
        var type: String {
            switch self {
            case .apiKeySecurityScheme: "apiKey"
            case .httpAuthSecurityScheme: "http"
            case .oauth2SecurityScheme: "oauth2"
            case .openIdConnectSecurityScheme: "openIdConnect"
            case .mtlsSecurityScheme: "mutualTLS"
            }
        }
    }

    private static func kind(_ member: Member, _ scheme: WireValue) throws(WireProblem) -> Kind {
        switch member {
        case .apiKeySecurityScheme:
            let location = scheme["location"] == nil ? "in" : "location"
            return .apiKey(location: try scheme.requiredText(location), name: try scheme.requiredText("name"))
        case .httpAuthSecurityScheme:
            return .http(scheme: try scheme.requiredText("scheme"), bearerFormat: try scheme.text("bearerFormat"))
        case .oauth2SecurityScheme:
            let flows = try scheme["flows"]?.object()
            var read: [OAuthFlow] = []
            for kind in OAuthFlow.Kind.allCases {
                if let flow = flows?[kind.rawValue] { read.append(try OAuthFlow(kind, flow)) }
            }
            return .oauth2(flows: read, metadataURL: try scheme.text("oauth2MetadataUrl"))
        case .openIdConnectSecurityScheme: return .openIDConnect(url: try scheme.requiredText("openIdConnectUrl"))
        case .mtlsSecurityScheme: return .mutualTLS
        }
    }

    private var member: Member {
        switch kind {
        case .apiKey: .apiKeySecurityScheme
        case .http: .httpAuthSecurityScheme
        case .oauth2: .oauth2SecurityScheme
        case .openIDConnect: .openIdConnectSecurityScheme
        case .mutualTLS: .mtlsSecurityScheme
        }
    }

    /// Writes the scheme, in the form of a card. In one for both versions, the flows of 0.3 are those of 1.0: the SDK of 1.x reads them where
    /// there is a type, and those of 0.3 skip what they do not know.
    func write(to json: inout JSONWriter, as form: CardForm) {
        json.object { json in
            if form.includes(.v1_0) { json.object(member.rawValue) { writeMembers(to: &$0, as: .v1_0, flowsAs: .v1_0) } }
            guard form.includes(.v0_3) else { return }
            json.member("type", member.type)
            writeMembers(to: &json, as: .v0_3, flowsAs: form == .both ? .v1_0 : .v0_3)
        }
    }

    private func writeMembers(to json: inout JSONWriter, as version: A2AVersion, flowsAs flowVersion: A2AVersion) {
        json.optional("description", description)
        switch kind {
        case .apiKey(let location, let name):
            json.member(version == .v1_0 ? "location" : "in", location)
            json.member("name", name)
        case .http(let scheme, let bearerFormat):
            json.member("scheme", scheme)
            json.optional("bearerFormat", bearerFormat)
        case .oauth2(let flows, let metadataURL):
            json.object("flows") { json in
                let known = flowVersion == .v1_0 ? Array(flows.prefix(1)) : flows.filter { $0.kind != .deviceCode }
                for flow in known { json.object(flow.kind.rawValue) { flow.writeMembers(to: &$0, as: flowVersion) } }
            }
            json.optional("oauth2MetadataUrl", metadataURL)
        case .openIDConnect(let url): json.member("openIdConnectUrl", url)
        case .mutualTLS: break
        }
    }
}

extension OAuthFlow {
    fileprivate init(_ kind: Kind, _ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        self.kind = kind
        refreshURL = try source.text("refreshUrl")
        switch kind {
        case .authorizationCode:
            authorizationURL = try source.text("authorizationUrl")
            tokenURL = try source.text("tokenUrl")
            requiresPKCE = try source.flag("pkceRequired") ?? false
        case .clientCredentials, .password: tokenURL = try source.text("tokenUrl")
        case .deviceCode:
            deviceAuthorizationURL = try source.text("deviceAuthorizationUrl")
            tokenURL = try source.text("tokenUrl")
        case .implicit: authorizationURL = try source.text("authorizationUrl")
        }
        for (name, value) in try source["scopes"]?.members() ?? [] { scopes.append(OAuthScope(name: name, description: try value.text())) }
    }

    fileprivate func writeMembers(to json: inout JSONWriter, as version: A2AVersion) {
        json.optional("authorizationUrl", authorizationURL)
        json.optional("deviceAuthorizationUrl", deviceAuthorizationURL)
        json.optional("tokenUrl", tokenURL)
        json.optional("refreshUrl", refreshURL)
        json.object("scopes") { json in
            for scope in scopes { json.member(scope.name, scope.description) }
        }
        if version == .v1_0, requiresPKCE { json.member("pkceRequired", true) }
    }
}
