import HubCore
import ModelProxy

extension SettingsBuilder {
    /// Reads one Model API. In this version:
    /// 1. It has one service. 2. The service is at an `endpoint` or an `upstream`, not both. 3. Only one of the service and its upstream
    /// brings a credential.
    mutating func readModel(_ key: ConfigValue, _ value: ConfigValue) {
        guard let name = key.string, let services = value["services"]?.members, modelNames.insert(name).inserted else { return }
        guard let first = services.first else {
            if value["services"]?.json.kind == .object {
                findings.error("\"services\" is empty", hint: "name the provider that answers", at: value["services"]?.place ?? key.place)
            }
            return
        }
        if services.count > 1 {
            findings.error(
                "\"services\" with more than one is not in this version",
                hint: "a Model API of its own for each answers at /models/NAME/v1",
                at: services[1].key.place)
        }
        guard let service = service(first.key, first.value) else { return }
        settings.models.append(
            ModelEntry(name: name, place: key.place, service: service, auth: auth(value)))
    }

    private mutating func service(_ key: ConfigValue, _ value: ConfigValue) -> ModelService? {
        guard let name = key.string, let kind = value["provider"]?.string.flatMap({ ModelProviderKind(rawValue: $0) }) else { return nil }
        let label = ConfigFinding.quoted(name)
        let location: ModelService.Location
        switch (value["endpoint"], value["upstream"]) {
        case (let endpoint?, nil):
            guard let address = endpoint.string.flatMap({ HTTPAddress($0) }) else { return nil }
            location = .endpoint(address)
        case (nil, let upstream?):
            guard let named = upstream.string else { return nil }
            location = .upstream(Placed(value: named, place: upstream.place))
            if let own = value["key"], settings.upstreams[named]?.credential != nil {
                findings.error(
                    "\(label) has a key, and its upstream \(ConfigFinding.quoted(named)) a credential", hint: "keep one of them",
                    at: own.place)
            }
        case (nil, nil):
            guard let address = kind.address.flatMap({ HTTPAddress($0) }) else {
                findings.error(
                    "\(label) does not say where it is", hint: "write endpoint: URL, or upstream: with the name of one", at: key.place)
                return nil
            }
            location = .endpoint(address)
        case (_?, let upstream?):
            findings.error("only one of endpoint or upstream may stand in \(label)", at: upstream.place)
            return nil
        }
        for field in ["deployment", "apiVersion"] where kind != .azure {
            if let given = value[field] { findings.error("\"\(field)\" is for azure", at: given.place) }
        }
        return ModelService(
            name: name, place: key.place, kind: kind, location: location, key: secret(value["key"]),
            deployment: value["deployment"]?.string, apiVersion: value["apiVersion"]?.string)
    }
}

extension ModelProviderKind {
    /// Where the provider itself is; nil for what everybody runs at an address of their own.
    fileprivate var address: String? {
        switch self {
        case .openAI: "https://api.openai.com"
        case .anthropic: "https://api.anthropic.com"
        case .gemini: "https://generativelanguage.googleapis.com"
        case .dashScope: "https://dashscope.aliyuncs.com"
        case .miniMax: "https://api.minimax.io"
        case .openAICompatible, .azure, .bedrock, .ollama, .ollamaNative, .vllm, .sglang: nil
        }
    }
}
