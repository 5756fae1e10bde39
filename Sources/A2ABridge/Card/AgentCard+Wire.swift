import HubCore
import NIOCore

/// For whom a card is written.
public enum CardForm: String, Sendable, Hashable, CaseIterable {
    /// Clients of 1.0.
    case v1_0 = "1.0"
    /// Clients of 0.3.
    case v0_3 = "0.3"
    /// Either: the two name their addresses in members of their own, so that each finds what it knows.
    case both

    /// Whether it holds what a version reads.
    func includes(_ version: A2AVersion) -> Bool {
        switch self {
        case .v1_0: version == .v1_0
        case .v0_3: version == .v0_3
        case .both: true
        }
    }
}

extension AgentCard {
    /// Reads a card of either version, or of both, which counts as one of 1.0. Agents are careless about what is required: all that must be
    /// there is a name and an address.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        name = try source.requiredText("name")
        description = try source.text("description") ?? ""
        version = try source.text("version") ?? ""
        interfaces = try source.list("supportedInterfaces") { interface throws(WireProblem) in try AgentInterface(interface) }
        if interfaces.isEmpty { interfaces = try AgentInterface.older(source) }
        if let provider = try source["provider"]?.object() {
            self.provider = AgentProvider(organization: try provider.text("organization") ?? "", url: try provider.text("url") ?? "")
        }
        documentationURL = try source.text("documentationUrl")
        iconURL = try source.text("iconUrl")
        if let capabilities = source["capabilities"] { self.capabilities = try AgentCapabilities(capabilities) }
        let older = try source.flag("supportsAuthenticatedExtendedCard")
        capabilities.extendedCard = capabilities.extendedCard ?? older
        for (name, value) in try source["securitySchemes"]?.members() ?? [] {
            if let scheme = try SecurityScheme(reading: value) { securitySchemes.append(NamedSecurityScheme(name: name, scheme: scheme)) }
        }
        security = try source.securityRequirements()
        defaultInputModes = try source.texts("defaultInputModes")
        defaultOutputModes = try source.texts("defaultOutputModes")
        skills = try source.list("skills") { skill throws(WireProblem) in try AgentSkill(skill) }
        signatures = try source.list("signatures") { signature throws(WireProblem) in try CardSignature(signature) }
    }

    /// The card as JSON.
    func json(_ form: CardForm) -> ByteBuffer {
        var json = JSONWriter()
        write(to: &json, as: form)
        return json.buffer
    }

    /// Writes the card. For clients of 0.3 it has the addresses of that version; a card that has none gives them those it has.
    func write(to json: inout JSONWriter, as form: CardForm) {
        json.object { json in
            json.member("name", name)
            json.member("description", description)
            if form.includes(.v1_0) {
                json.list("supportedInterfaces", interfaces) { interface, json in interface.write(to: &json) }
            }
            if form.includes(.v0_3) { writeOlderInterfaces(to: &json, isAlone: form == .v0_3) }
            if let provider {
                json.object("provider") { json in
                    json.member("organization", provider.organization)
                    json.member("url", provider.url)
                }
            }
            json.member("version", version)
            json.optional("documentationUrl", documentationURL)
            json.object("capabilities") { capabilities.writeMembers(to: &$0, as: form) }
            if form.includes(.v0_3), capabilities.extendedCard == true { json.member("supportsAuthenticatedExtendedCard", true) }
            if !securitySchemes.isEmpty {
                json.object("securitySchemes") { json in
                    for named in securitySchemes {
                        json.key(named.name)
                        named.scheme.write(to: &json, as: form)
                    }
                }
            }
            json.securityRequirements(security, as: form)
            json.member("defaultInputModes", defaultInputModes)
            json.member("defaultOutputModes", defaultOutputModes)
            json.list("skills", skills) { skill, json in skill.write(to: &json, as: form) }
            if !signatures.isEmpty { json.list("signatures", signatures) { signature, json in signature.write(to: &json) } }
            json.optional("iconUrl", iconURL)
        }
    }

    private func writeOlderInterfaces(to json: inout JSONWriter, isAlone: Bool) {
        var older = interfaces.filter { $0.version == A2AVersion.v0_3.rawValue }
        if older.isEmpty, isAlone { older = interfaces }
        guard let first = older.first else { return }
        json.member("protocolVersion", "0.3.0")
        json.member("url", first.url)
        json.member("preferredTransport", first.binding)
        guard older.count > 1 else { return }
        json.list("additionalInterfaces", Array(older.dropFirst())) { interface, json in
            json.object { json in
                json.member("url", interface.url)
                json.member("transport", interface.binding)
            }
        }
    }
}

extension AgentInterface {
    /// Reads an interface of 1.0.
    fileprivate init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        url = try source.requiredText("url")
        binding = try source.requiredText("protocolBinding")
        version = Self.short(try source.text("protocolVersion") ?? A2AVersion.v1_0.rawValue)
        tenant = try source.text("tenant")
    }

    /// Reads the interfaces of 0.3 and before; the first may be named twice.
    fileprivate static func older(_ source: WireValue) throws(WireProblem) -> [AgentInterface] {
        let version = short(try source.text("protocolVersion") ?? A2AVersion.v0_3.rawValue)
        let first = AgentInterface(
            url: try source.requiredText("url"), binding: try source.text("preferredTransport") ?? Binding.jsonRPC, version: version)
        let further = try source.list("additionalInterfaces") { interface throws(WireProblem) in
            let interface = try interface.object()
            return AgentInterface(
                url: try interface.requiredText("url"), binding: try interface.requiredText("transport"), version: version)
        }
        return [first] + further.filter { $0 != first }
    }

    /// Without the patch number, which the protocol does not tell versions by.
    private static func short(_ version: String) -> String { version.split(separator: ".").prefix(2).joined(separator: ".") }

    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("url", url)
            json.member("protocolBinding", binding)
            json.optional("tenant", tenant)
            json.member("protocolVersion", version)
        }
    }
}

extension AgentCapabilities {
    fileprivate init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        streaming = try source.flag("streaming")
        pushNotifications = try source.flag("pushNotifications")
        extendedCard = try source.flag("extendedAgentCard")
        extensions = try source.list("extensions") { source throws(WireProblem) in
            let source = try source.object()
            return AgentExtension(
                uri: try source.requiredText("uri"), description: try source.text("description"),
                isRequired: try source.flag("required") ?? false, parameters: try source.anything("params"))
        }
    }

    fileprivate func writeMembers(to json: inout JSONWriter, as form: CardForm) {
        json.optional("streaming", streaming)
        json.optional("pushNotifications", pushNotifications)
        if !extensions.isEmpty {
            json.list("extensions", extensions) { element, json in
                json.object { json in
                    json.member("uri", element.uri)
                    json.optional("description", element.description)
                    if element.isRequired { json.member("required", true) }
                    json.optional("params", raw: element.parameters)
                }
            }
        }
        if form.includes(.v1_0) { json.optional("extendedAgentCard", extendedCard) }
    }
}

extension AgentSkill {
    fileprivate init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        id = try source.requiredText("id")
        name = try source.text("name") ?? ""
        description = try source.text("description") ?? ""
        tags = try source.texts("tags")
        examples = try source.texts("examples")
        inputModes = try source.texts("inputModes")
        outputModes = try source.texts("outputModes")
        security = try source.securityRequirements()
    }

    fileprivate func write(to json: inout JSONWriter, as form: CardForm) {
        json.object { json in
            json.member("id", id)
            json.member("name", name)
            json.member("description", description)
            json.member("tags", tags)
            json.optional("examples", examples)
            json.optional("inputModes", inputModes)
            json.optional("outputModes", outputModes)
            json.securityRequirements(security, as: form)
        }
    }
}

extension CardSignature {
    fileprivate init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        protected = try source.requiredText("protected")
        signature = try source.requiredText("signature")
        header = try source.anything("header")
    }

    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("protected", protected)
            json.member("signature", signature)
            json.optional("header", raw: header)
        }
    }
}

extension WireValue {
    fileprivate func securityRequirements() throws(WireProblem) -> [SecurityRequirement] {
        try list(self["securityRequirements"] == nil ? "security" : "securityRequirements") { requirement throws(WireProblem) in
            try SecurityRequirement(requirement)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func securityRequirements(_ requirements: [SecurityRequirement], as form: CardForm) {
        guard !requirements.isEmpty else { return }
        for version in [A2AVersion.v1_0, .v0_3] where form.includes(version) {
            list(version == .v1_0 ? "securityRequirements" : "security", requirements) { requirement, json in
                requirement.write(to: &json, as: version)
            }
        }
    }
}
