import HubCore
import NIOCore

/// What an agent of tools wants to know before it goes on: a text for people, and for programs the schema of the answer with what is known.
///
/// It stands in the task's history, and the next message is read with it: nothing else is kept. What a client writes is never taken for one.
struct SkillQuestion: Sendable, Hashable {
    /// The tool; nil where that is the question.
    var skill: String?
    /// What is known of the arguments.
    var arguments: JSONObject
    /// What is wanted: a schema of an object.
    var schema: JSONTree
    /// The question for people.
    var text: String

    /// The members of an answer that are not arguments.
    static let (skillMember, confirmMember) = ("skill", "confirm")

    /// The question as a message says it.
    var parts: [MessagePart] {
        var data = JSONObject()
        if let skill { data["skill"] = .string(skill) }
        data["arguments"] = .object(arguments)
        data["schema"] = schema
        return [
            MessagePart(content: .text(text)), MessagePart(content: .data(JSONTree.object(data).bytes), mediaType: "application/json"),
        ]
    }

    /// The members that are wanted.
    var wanted: [String] { schema["properties"]?.object?.keys ?? [] }

    // MARK: The questions there are

    /// Which tool.
    static func whichSkill(_ names: [String], arguments: JSONObject) -> SkillQuestion {
        let choice = JSONTree.object(["type": .string("string"), "enum": .array(names.map { .string($0) })])
        return SkillQuestion(
            skill: nil, arguments: arguments, schema: object([skillMember: choice]),
            text: "Which of these is it: \(names.joined(separator: ", "))?")
    }

    /// Arguments that are missing.
    static func missing(_ arguments: [SkillSchema.Argument], of skill: String, known: JSONObject, because reason: String? = nil)
        -> SkillQuestion
    {
        let lines = arguments.map { argument in
            argument.schema["description"]?.string.map { "\(argument.name) (\($0))" } ?? argument.name
        }
        let wanted = "\(skill) needs \(lines.joined(separator: ", "))"
        return SkillQuestion(
            skill: skill, arguments: known, schema: SkillSchema.object(of: arguments), text: reason.map { "\($0). \(wanted)" } ?? wanted)
    }

    /// Whether to do what cannot be undone.
    static func confirmation(of skill: String, arguments: JSONObject) -> SkillQuestion {
        SkillQuestion(
            skill: skill, arguments: arguments, schema: object([confirmMember: .object(["type": .string("boolean")])]),
            text: "\(skill) with \(String(buffer: JSONTree.object(arguments).bytes)) may not be undone. Shall it be done (yes or no)?")
    }

    private static func object(_ properties: JSONObject) -> JSONTree {
        .object([
            "type": .string("object"), "properties": .object(properties), "required": .array(properties.keys.map { .string($0) }),
        ])
    }
}

extension SkillQuestion {
    /// The question that a message of the agent is; nil where it is none.
    init?(_ message: AgentMessage) {
        guard message.role == .agent else { return nil }
        for part in message.parts {
            // What is no JSON is no question.
            guard case .data(let bytes) = part.content, let document = try? JSONDocument(parsing: bytes, limits: .payload),
                let schema = document.root["schema"], let arguments = document.root["arguments"]
            else { continue }
            self.init(
                skill: document.root["skill"]?.string, arguments: JSONTree(arguments).object ?? [:], schema: JSONTree(schema), text: "")
            return
        }
        return nil
    }
}
