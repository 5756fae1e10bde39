import HubCore
import SpecIngest

extension SettingsBuilder {
    /// The changes to single tools of an entry; two of one name would leave open which of them is meant.
    mutating func toolChanges(_ entry: ConfigValue) -> [ToolChange] {
        let changes = (entry["tools"]?.members ?? []).compactMap(ToolChange.init)
        var renamed: [String: SourcePlace] = [:]
        for rename in changes.compactMap(\.rename) {
            if let first = renamed[rename.value] {
                findings.error("two tools are renamed to \"\(rename.value)\"", hint: "the other at \(first.description)", at: rename.place)
            }
            renamed[rename.value] = rename.place
        }
        return changes
    }
}

extension ToolChange {
    /// A change that is written under the name of a tool.
    init?(key: ConfigValue, value: ConfigValue) {
        guard let name = key.string else { return nil }
        self.init(name: name, place: key.place)
        rename = value["rename"].flatMap { rename in rename.string.map { Placed(value: $0, place: rename.place) } }
        title = value["title"]?.string
        description = value["description"]?.string
        isHidden = value["hidden"]?.json.bool ?? false
        risk = value["risk"]?.string.flatMap { Risk(rawValue: $0) }
        arguments = (value["arguments"]?.members ?? []).compactMap { key, value in
            key.string.map { name in
                ArgumentChange(
                    name: name, place: key.place, fix: value["fix"].map { JSONTree($0.json) }, description: value["description"]?.string,
                    defaultValue: value["default"].map { JSONTree($0.json) })
            }
        }
        let hints = value["annotations"]
        annotations = ToolAnnotations(
            readOnly: hints?["readOnly"]?.json.bool, destructive: hints?["destructive"]?.json.bool,
            idempotent: hints?["idempotent"]?.json.bool, openWorld: hints?["openWorld"]?.json.bool)
        examples = (value["examples"]?.elements ?? []).compactMap(\.string)
        answers = value["response"].map { Placed(value: AnswerSettings($0), place: $0.place) }
    }
}
