import HubCore
import NIOCore

/// A form that a run waits for: what people are told, what they may say, and what they decide.
struct DifyHumanForm: Sendable, Hashable {
    /// What the form is answered by; nil: people answer it elsewhere, such as in a mail.
    var token: String?
    /// What people are told.
    var content: String
    /// What they may say.
    var form: DifyForm
    /// What they decide: id and title.
    var actions: [(id: String, title: String)] { actionPairs.map { ($0.id, $0.title) } }

    private struct Action: Sendable, Hashable {
        var id: String
        var title: String
    }

    private var actionPairs: [Action]
    /// As the application told it.
    let tree: JSONTree

    /// The member of an answer that is the decision.
    static let actionMember = "action"

    private static let (most, longestText, longestName) = (64, 16_384, 512)

    /// Reads the data of `human_input_required`; nil where they are too large to be asked for.
    init?(_ data: JSONValue) {
        guard data.kind == .object, data.rawBytes.readableBytes <= 128 << 10 else { return nil }
        tree = JSONTree(data)
        token = data["form_token"]?.string.flatMap { $0.isEmpty || $0.utf8.count > Self.longestName ? nil : $0 }
        content = (data["form_content"]?.string ?? data["node_title"]?.string ?? "").cut(to: Self.longestText)
        form = DifyForm(human: data["inputs"], presets: data["resolved_default_values"])
        let actions = data["actions"] ?? data["user_actions"]
        actionPairs = (actions?.elements ?? .none).prefix(Self.most).compactMap { action in
            guard let id = action["id"]?.string, id.utf8.count <= Self.longestName else { return nil }
            return Action(id: id, title: (action["title"]?.string ?? id).cut(to: Self.longestName))
        }
    }

    /// The question that the form is.
    ///
    /// - Parameters:
    ///   - skill: whose it is.
    ///   - known: what was said of it already.
    ///   - reason: why it is asked again.
    func question(_ skill: String, known: JSONObject = [:], because reason: String? = nil) -> SkillQuestion {
        var schema = form.schema().object ?? [:]
        if !actionPairs.isEmpty {
            var properties = schema["properties"]?.object ?? [:]
            let titles = actionPairs.map { "\($0.id): \($0.title)" }.joined(separator: "; ")
            properties[Self.actionMember] = .object([
                "type": .string("string"), "enum": .array(actionPairs.map { .string($0.id) }), "description": .string(titles),
            ])
            schema["properties"] = .object(properties)
            if actionPairs.count > 1 {
                schema["required"] = .array((schema["required"]?.array ?? []) + [.string(Self.actionMember)])
            }
        }
        let choices = actionPairs.count > 1 ? "Choose one of: \(actionPairs.map(\.title).joined(separator: ", "))" : nil
        let text = [reason, content.isEmpty ? nil : content, choices].compactMap { $0 }.joined(separator: "\n\n")
        return SkillQuestion(skill: skill, arguments: known, schema: .object(schema), text: text.isEmpty ? "An answer is needed" : text)
    }

    /// What a message says to the form: variables, and the decision where it says one.
    func answer(_ content: MessageContent) -> (inputs: JSONObject, action: String?) {
        var inputs = content.arguments
        var action = inputs[Self.actionMember]?.string
        for object in content.objects { action = object[Self.actionMember]?.string ?? action }
        if form[Self.actionMember] == nil { inputs[Self.actionMember] = nil }
        let text = String(Substring(content.text).trimmingSpaces)
        if !text.isEmpty {
            let chosen = actionPairs.first { [$0.id, $0.title].contains { StatedText.folded($0) == StatedText.folded(text) } }
            let open = form.missing(in: inputs).filter { form[$0.name]?.kind == .text || form[$0.name]?.kind == .value }
            if action == nil, let chosen {
                action = chosen.id
            } else if let argument = open.first, open.count == 1 {
                inputs[argument.name] = form.value(text, for: argument)
            }
        }
        if action == nil, actionPairs.count == 1 { action = actionPairs.first?.id }
        for input in form.inputs where inputs[input.argument.name] == nil { inputs[input.argument.name] = input.preset }
        return (inputs, action.flatMap { id in actionPairs.contains { $0.id == id } ? id : nil })
    }
}

extension DifyForm {
    /// Reads the inputs of a human-input form: an array of objects with `type` and `output_variable_name`.
    ///
    /// - Parameter presets: what stands for each where nothing is said.
    init(human inputs: JSONValue?, presets: JSONValue?) {
        self.init(nil)
        self.inputs = (inputs?.elements ?? .none).prefix(64).compactMap { field in
            guard let name = field["output_variable_name"]?.string, !name.isEmpty, name.utf8.count <= 256 else { return nil }
            let preset = presets?[name]?.string.flatMap { $0.isEmpty ? nil : JSONTree.string($0) }
            var schema: JSONObject = ["type": .string("string")]
            var kind = Input.Kind.text
            switch field["type"]?.string {
            case "select":
                kind = .value
                let options = (field["option_source"]?["value"]?.elements ?? .none).prefix(256).compactMap(\.string)
                if !options.isEmpty { schema["enum"] = .array(options.map { .string($0) }) }
            case "file": (kind, schema["format"]) = (.file, .string("uri"))
            case "file-list":
                kind = .files
                schema = ["type": .string("array"), "items": .object(["type": .string("string"), "format": .string("uri")])]
            default: break
            }
            if let preset { schema["default"] = preset }
            return Input(kind: kind, argument: .init(name: name, schema: .object(schema), isRequired: preset == nil), preset: preset)
        }
    }
}
