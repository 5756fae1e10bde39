import HTTPTypes
import HubCore
import ModelProxy

extension SettingsBuilder {
    /// Reads one Model API.
    ///
    /// 1. A service is at an `endpoint` or an `upstream`, not both. 2. Only one of the service and its upstream brings a credential.
    /// 3. Several services need routes, which say who answers. 4. A route behind one that is for every request is never taken.
    mutating func readModel(_ key: ConfigValue, _ value: ConfigValue) {
        guard let name = key.string, let services = value["services"]?.members, modelNames.insert(name).inserted else { return }
        guard !services.isEmpty else {
            if value["services"]?.json.kind == .object {
                findings.error("\"services\" is empty", hint: "name the provider that answers", at: value["services"]?.place ?? key.place)
            }
            return
        }
        let written = value["routes"]?.elements ?? []
        if services.count > 1, value["routes"] == nil {
            findings.error(
                "nothing says which of the services answers", hint: "write routes, such as [ { to: [ { service: NAME } ] } ]", at: key.place
            )
        }
        let entries = services.compactMap { service($0.key, $0.value) }
        let names = services.compactMap { $0.key.string }
        let routes = written.map { route($0, services: names) }
        if let last = routes.dropLast().firstIndex(where: { $0.headers.isEmpty && $0.model == nil }), written.indices.contains(last + 1) {
            findings.warning(
                "no request comes as far as this route: the one before is for all", hint: "write when: at that one, or change their order",
                at: written[last + 1].place)
        }
        guard entries.count == services.count else { return }
        let timeouts = value["timeouts"]
        settings.models.append(
            ModelEntry(
                name: name, place: key.place, services: entries, routes: routes,
                limits: ModelLimits(
                    attempts: value["attempts"]?.json.int ?? 4, total: duration(timeouts?["total"]) ?? .seconds(600),
                    firstEvent: duration(timeouts?["firstEvent"]), idle: duration(timeouts?["idle"])),
                toolLimit: value["toolSelection"]?["limit"]?.json.int,
                cache: duration(value["cache"]?["ttl"]).map {
                    ModelEntry.Cache(lifetime: $0, isShared: value["cache"]?["shared"]?.json.bool ?? false)
                }, auth: auth(value)))
    }

    // MARK: Routes

    private mutating func route(_ value: ConfigValue, services: [String]) -> ModelRouteEntry {
        var route = ModelRouteEntry(destinations: destinations(value["to"], services: services))
        for (key, wanted) in value["when"]?["header"]?.members ?? [] {
            guard let name = key.string, let wanted = wanted.string else { continue }
            if HTTPField.Name(name) == nil { findings.error("not the name of a header", at: key.place) }
            route.headers[name] = wanted
        }
        route.model = value["when"]?["model"]?.string
        route.fallback = destinations(value["fallback"], services: services)
        if let list = value["to"], !route.destinations.isEmpty, route.destinations.allSatisfy({ $0.weight == 0 }) {
            findings.error("all weights are 0", hint: "give one of them a share", at: list.place)
        }
        return route
    }

    private mutating func destinations(_ value: ConfigValue?, services: [String]) -> [ModelRouteEntry.Destination] {
        (value?.elements ?? []).compactMap { element in
            guard let service = element["service"], let name = service.string else { return nil }
            if !services.contains(name) {
                let near = NearestName.find(name, among: services).map { "did you mean \"\($0)\"?" }
                findings.error("no service here is called \(ConfigFinding.quoted(name))", hint: near, at: service.place)
            }
            return ModelRouteEntry.Destination(service: name, model: element["model"]?.string, weight: element["weight"]?.json.int ?? 1)
        }
    }

    // MARK: Services

    private mutating func service(_ key: ConfigValue, _ value: ConfigValue) -> ModelServiceEntry? {
        guard let name = key.string, let kind = value["provider"]?.string.flatMap({ ModelProviderKind(rawValue: $0) }) else { return nil }
        let label = ConfigFinding.quoted(name)
        let region = value["region"]?.string
        let location: ModelServiceEntry.Location
        switch (value["endpoint"], value["upstream"]) {
        case (let endpoint?, nil):
            guard let address = endpoint.string.flatMap({ HTTPAddress($0) }) else { return nil }
            location = .endpoint(address)
        case (nil, let upstream?):
            guard let named = upstream.string else { return nil }
            location = .upstream(Placed(value: named, place: upstream.place))
            if let own = value["key"] ?? value["keys"] ?? value["credential"], settings.upstreams[named]?.credential != nil {
                findings.error(
                    "\(label) has a key, and its upstream \(ConfigFinding.quoted(named)) a credential", hint: "keep one of them",
                    at: own.place)
            }
        case (nil, nil):
            guard let address = kind.address(region: region).flatMap({ HTTPAddress($0) }) else {
                let hint = kind == .bedrock ? "write region, such as us-east-1" : "write endpoint: URL, or upstream: with the name of one"
                findings.error("\(label) does not say where it is", hint: hint, at: value["region"]?.place ?? key.place)
                return nil
            }
            location = .endpoint(address)
        case (_?, let upstream?):
            findings.error("only one of endpoint or upstream may stand in \(label)", at: upstream.place)
            return nil
        }
        for (fields, owner) in [(["deployment", "apiVersion"], ModelProviderKind.azure), (["region", "credential"], .bedrock)] {
            for field in fields where kind != owner {
                if let given = value[field] { findings.error("\"\(field)\" is for \(owner.rawValue)", at: given.place) }
            }
        }
        return ModelServiceEntry(
            name: name, place: key.place, kind: kind, location: location, credential: credential(value, region: region),
            deployment: value["deployment"]?.string, apiVersion: value["apiVersion"]?.string)
    }

    private mutating func credential(_ value: ConfigValue, region: String?) -> ModelServiceEntry.Credential? {
        let given = ["key", "keys", "credential"].compactMap { value[$0] }
        if given.count > 1 { findings.error("only one of key, keys or credential may stand here", at: given[1].place) }
        if let key = secret(value["key"]) { return .keys([key]) }
        if let keys = value["keys"] { return .keys(keys.elements.compactMap { secret($0) }) }
        guard let account = value["credential"], let key = accessKey(account, token: "sessionToken") else { return nil }
        guard let region else {
            findings.error("a signature names the region", hint: "write region, such as us-east-1", at: account.place)
            return nil
        }
        return .account(key, region: region)
    }
}

extension ModelProviderKind {
    /// Where the provider itself is; nil for what everybody runs at an address of their own.
    fileprivate func address(region: String?) -> String? {
        switch self {
        case .openAI: "https://api.openai.com"
        case .anthropic: "https://api.anthropic.com"
        case .gemini: "https://generativelanguage.googleapis.com"
        case .dashScope: "https://dashscope.aliyuncs.com"
        case .miniMax: "https://api.minimax.io"
        case .bedrock: region.flatMap { $0.contains("/") ? nil : "https://bedrock-runtime.\($0).amazonaws.com" }
        case .openAICompatible, .azure, .ollama, .ollamaNative, .vllm, .sglang: nil
        }
    }
}
