import HubCore

extension SettingsBuilder {
    /// Who may call an entry.
    func auth(_ value: ConfigValue?) -> EntryAuth {
        guard let value else { return .unwritten }
        guard value.json.kind == .array else { return .none }
        var rules = EntryAuth.Rules(place: value.place)
        for element in value.elements {
            if let kind = element.string.flatMap({ CredentialID.Kind(rawValue: $0) }) { rules.kinds.insert(kind) }
            guard let place = element["apiKey"] else { continue }
            rules.kinds.insert(.apiKey)
            if let header = place["header"]?.string { rules.keyHeaders.append(header) }
            if let parameter = place["query"]?.string { rules.keyParameters.append(parameter) }
        }
        return .asked(rules)
    }

    /// Reads one consumer.
    mutating func readConsumer(_ key: ConfigValue, _ value: ConfigValue) {
        guard let name = key.string, consumerNames.insert(name).inserted else { return }
        var consumer = ConsumerEntry(name: name, place: key.place)
        consumer.groups = Set(value["groups"]?.elements.compactMap(\.string) ?? [])
        for element in value["apiKeys"]?.elements ?? [] {
            if let hash = element["sha256"], let text = hash.string {
                consumer.keys.append(.sha256(Placed(value: text, place: hash.place)))
            } else if let reference = secret(element["value"]) {
                consumer.keys.append(.value(reference))
            }
        }
        settings.consumers.append(consumer)
    }
}
