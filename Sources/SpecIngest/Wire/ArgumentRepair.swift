import HubCore
import NIOCore

/// Puts an argument right whose kind is evidently a slip of the model that wrote it, and refuses one that cannot be meant.
///
/// 1. A value of a kind the schema takes stays as it is.
/// 2. A string that holds JSON of a kind the schema takes, where it takes no strings, is that JSON: `"[1,2]"`, `"{\"a\":1}"`, `"5"`, `"true"`.
/// 3. A single value where the schema takes only arrays is an array of one.
/// 4. Everything else is refused with what the argument must be.
enum ArgumentRepair {
    /// The value to send.
    static func value(_ value: JSONValue, for slot: ArgumentSlot) throws(HubError) -> JSONValue {
        let kinds = slot.kinds
        let own = ValueKinds(of: value)
        if kinds.takes(own) { return value }
        if let text = value.string, let unquoted = unquoted(text, kinds: kinds) { return unquoted }
        let rest = kinds.subtracting(.null)
        if slot.isText, rest.contains(.string), own != .array, own != .object, own != .null { return value }
        if rest == .array, own != .object, own != .null, let list = parse("[" + JSONCompactor.text(value) + "]") { return list }
        throw HubError(.invalidArguments, "argument \"\(slot.name)\" must be \(kinds.phrase)", argument: slot.name)
    }

    /// The value that a string holds where a schema takes values of `kinds` and no strings; nil where that is none.
    static func unquoted(_ text: String, kinds: ValueKinds) -> JSONValue? {
        guard !kinds.contains(.string), let value = parse(text), !value.isNull, value.kind != .string, kinds.takes(ValueKinds(of: value))
        else { return nil }
        return value
    }

    private static func parse(_ text: String) -> JSONValue? {
        // Not JSON is an answer here: the string then is what it looks like.
        try? JSONDocument(parsing: text, limits: .message).root
    }
}

/// What is known of an argument when a call comes.
struct ArgumentSlot: Sendable {
    /// The name in the tool's schema.
    var name: String
    /// The kinds of value it takes.
    var kinds: ValueKinds
    /// Whether a call without it is refused.
    var isRequired: Bool
    /// Whether it travels as text, so that `5` and `"5"` are the same.
    var isText: Bool
    /// Whether an explicit null is a value; elsewhere it means that the argument is not given.
    var keepsNull: Bool
    /// The value where the caller gives none.
    var defaultValue: JSONValue?
    /// Whether `defaultValue` is the only one there is, so that callers are not told of the argument.
    var isConstant = false
    /// Where the argument begins in the repair plan; nil where nothing below it can be put right.
    var repairs: Int?
}
