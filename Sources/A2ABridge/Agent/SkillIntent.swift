import HubCore
import NIOCore

/// What the messages of a task have said so far of the call that is wanted.
///
/// 1. A data part `{"skill": …, "arguments": {…}}` says it all; `"confirm": true` with it does without the question. 2. Any other object that answers
/// a question has the members that were asked for; one that answers none has arguments of the skill. 3. `skillId` in the message's metadata names the skill for all else. 4. Text goes to the planner.
struct SkillIntent: Sendable {
    /// The tool, where it is settled.
    var skill: String?
    /// The arguments so far.
    var arguments = JSONObject()
    /// Members of objects that answer nothing: arguments, where the skill takes any of these names.
    private(set) var loose = JSONObject()
    /// What was said to a question for confirmation, or before it.
    var confirmation: Bool?
    /// The text of the message.
    var text = ""
    /// What the message answers.
    let question: SkillQuestion?

    /// Reads a message.
    ///
    /// - Parameter asked: what the agent asked before, where it did.
    init(_ message: AgentMessage, asked: AgentMessage?) {
        question = asked.flatMap { SkillQuestion($0) }
        skill = question?.skill
        arguments = question?.arguments ?? [:]
        var texts: [String] = []
        for part in message.parts {
            switch part.content {
            case .text(let text): texts.append(text)
            case .data(let bytes): read(bytes)
            case .raw, .url: break  // what a file is for, only arguments can say
            }
        }
        text = texts.joined(separator: "\n")
        if skill == nil { skill = Self.skill(inMetadata: message) }
        readAnswerInText()
    }

    /// Whether the message is a yes or a no to the question for one.
    var isConfirmation: Bool { confirmation != nil && question?.wanted == [SkillQuestion.confirmMember] && skill != nil }

    /// Takes what a planner wants called, in place of all that was settled. Only a yes to a question is one to this call.
    mutating func plan(_ tool: String, _ arguments: JSONObject) {
        (skill, self.arguments, confirmation) = (tool, arguments, nil)
    }

    /// Leaves what is wanted to a planner.
    mutating func beginAgain() {
        (skill, arguments, confirmation, loose) = (nil, [:], nil, [:])
    }

    /// The skill that a message names, whatever else it says; nil where it names none.
    static func namedSkill(_ message: AgentMessage) -> String? { SkillIntent(message, asked: nil).skill }

    private static func skill(inMetadata message: AgentMessage) -> String? {
        guard let metadata = message.metadata else { return nil }
        return (try? JSONDocument(parsing: metadata, limits: .payload))?.root["skillId"]?.string  // it was JSON when it came
    }

    private mutating func read(_ bytes: ByteBuffer) {
        // It was JSON when it came.
        guard let data = (try? JSONDocument(parsing: bytes, limits: .payload))?.root, data.kind == .object else { return }
        let wanted = question?.wanted ?? []
        if let named = data[SkillQuestion.skillMember]?.string { skill = named }
        if let given = data["arguments"], given.kind == .object, !wanted.contains("arguments") {
            for member in given.members { arguments[member.name.string ?? ""] = JSONTree(member.value).withWholeNumbers }
        }
        confirmation = data[SkillQuestion.confirmMember]?.bool ?? confirmation
        if question == nil, data[SkillQuestion.skillMember] == nil, data["arguments"] == nil {
            for member in data.members { loose[member.name.string ?? ""] = JSONTree(member.value).withWholeNumbers }
        }
        for name in wanted where name != SkillQuestion.skillMember && name != SkillQuestion.confirmMember {
            if let value = data[name] { arguments[name] = JSONTree(value).withWholeNumbers }
        }
    }

    private mutating func readAnswerInText() {
        guard let question, !text.isEmpty else { return }
        let words = StatedText(text).pieces.filter { $0.kind != .mark }.map(\.text)
        if question.wanted == [SkillQuestion.confirmMember], words.count <= 3 {
            let answers = Set(words.compactMap { StatedValue.boolean($0) })
            if answers.count == 1 { confirmation = answers.first ?? confirmation }
        }
        if question.wanted == [SkillQuestion.skillMember], skill == nil {
            let values = question.schema["properties"]?[SkillQuestion.skillMember]?["enum"]?.array ?? []
            let named = values.filter { value in words.contains { StatedValue.choice($0, among: [value]) != nil } }
            if named.count == 1 { skill = named.first?.string }
        }
    }
}

extension JSONTree {
    /// The same with `5.0` as `5`: data of protocol buffers knows no other numbers than floating point, and a service may read a path.
    fileprivate var withWholeNumbers: JSONTree {
        switch self {
        case .null, .bool, .string: return self
        case .number(let text):
            let parts = text.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let whole = parts.first, parts[1].utf8.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return self }
            return .number(String(whole))
        case .array(let elements): return .array(elements.map(\.withWholeNumbers))
        case .object(let object):
            var whole = JSONObject()
            for name in object.keys { whole[name] = object[name]?.withWholeNumbers }
            return .object(whole)
        }
    }
}
