import HubCore

/// What the messages of a task have said of the run that is wanted, before it begins.
///
/// 1. Objects give variables: in `inputs`, or as their own members; `query` is what is asked of an application that chats. 2. The text of the first
/// message is what is asked; without a chat it is the application's first text that is not given otherwise. 3. Later messages answer a question:
/// their text is the one thing that is missing, or else what is asked. 4. Files go to variables that take files, and the rest with the message.
struct DifyIntent: Sendable {
    /// What is asked; empty: nothing.
    var query = ""
    /// The variables.
    var inputs = JSONObject()
    /// The files, in order.
    var files: [MessagePart] = []

    /// The member of objects, and of questions, that is what is asked.
    static let queryMember = "query"
    /// What an application that chats always needs.
    static let query = SkillSchema.Argument(
        name: queryMember, schema: .object(["type": .string("string"), "description": .string("what is asked, in words")]),
        isRequired: true)

    /// Reads the messages.
    ///
    /// - Parameters:
    ///   - messages: of the client, oldest first.
    ///   - form: what the application takes; nil: not known.
    ///   - kind: of the application.
    init(_ messages: [AgentMessage], form: DifyForm?, kind: DifyApplication.Kind) {
        for (index, message) in messages.enumerated() {
            let content = MessageContent(message)
            for (name, value) in content.arguments { inputs[name] = value }
            for object in content.objects where kind.chats {
                if let text = object[Self.queryMember]?.string { query = text }
            }
            files += content.files
            guard content.text.contains(where: { !$0.isWhitespace }) else { continue }
            if index == 0 || form == nil {
                take(content.text, form: form, kind: kind)
            } else {
                answer(content.text, form: form, kind: kind)
            }
        }
        if kind.chats, form?[Self.queryMember] == nil { inputs[Self.queryMember] = nil }
        for input in form?.inputs ?? [] where inputs[input.argument.name] == nil { inputs[input.argument.name] = input.preset }
    }

    private mutating func take(_ text: String, form: DifyForm?, kind: DifyApplication.Kind) {
        if kind.chats {
            query = query.isEmpty ? text : query + "\n" + text
        } else if let input = form?.inputs.first(where: { $0.kind == .text && inputs[$0.argument.name] == nil }) {
            inputs[input.argument.name] = .string(text)
        } else if form?.inputs.isEmpty ?? true, inputs[Self.queryMember] == nil {
            // What there is by custom, where nothing is said of it.
            inputs[Self.queryMember] = .string(text)
        }
    }

    private mutating func answer(_ text: String, form: DifyForm?, kind: DifyApplication.Kind) {
        let missing = (form?.missing(in: inputs) ?? []).filter { form?[$0.name]?.kind != .file && form?[$0.name]?.kind != .files }
        guard let argument = missing.first, missing.count == 1 else { return take(text, form: form, kind: kind) }
        inputs[argument.name] = form?.value(text, for: argument)
    }
}

extension DifyApplication.Kind {
    /// Whether it has conversations.
    var chats: Bool { self == .chat || self == .agent }

    /// Where a run begins.
    var path: String {
        switch self {
        case .chat, .agent: "/chat-messages"
        case .workflow: "/workflows/run"
        case .completion: "/completion-messages"
        }
    }

    /// Where a run is stopped.
    func stopPath(_ task: String) -> String {
        let task = PercentEncoding.encode(task)
        return switch self {
        case .chat, .agent: "/chat-messages/\(task)/stop"
        case .workflow: "/workflows/tasks/\(task)/stop"
        case .completion: "/completion-messages/\(task)/stop"
        }
    }
}
