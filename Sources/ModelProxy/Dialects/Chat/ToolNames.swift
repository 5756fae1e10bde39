import HubCore

/// Which names of tools a dialect takes.
struct NameRule: Sendable, Hashable {
    /// The most bytes.
    var maximumBytes = 64
    /// What may stand in it besides letters, digits, `_` and `-`.
    var others = ""
    /// Whether it must begin with a letter or `_`.
    var beginsWithLetter = false

    func allows(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= maximumBytes else { return false }
        return (!beginsWithLetter || Self.isLetter(first)) && name.utf8.allSatisfy(allows)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_") }

    private func allows(_ byte: UInt8) -> Bool {
        Self.isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-") || others.utf8.contains(byte)
    }

    /// A name like `name` that is allowed: what is not becomes `_`, and six characters stand for the whole of it.
    func fit(_ name: String, attempt: Int = 0) -> String {
        var kept = name.utf8.map { allows($0) ? $0 : UInt8(ascii: "_") }
        if beginsWithLetter, let first = kept.first, !Self.isLetter(first) { kept.insert(UInt8(ascii: "_"), at: 0) }
        kept = Array(kept.prefix(max(0, maximumBytes - 7)))
        return String(decoding: kept, as: UTF8.self) + "_" + FNV1a.digits(of: attempt == 0 ? name : "\(name)#\(attempt)")
    }
}

/// The names of one request's tools: what they are called at the provider, and back.
struct ToolNames: Sendable, Hashable {
    private var sent: [ExactText: String] = [:]
    private var originals: [ExactText: String] = [:]

    /// No names: each is itself.
    init() {}

    /// The names of a request, of its tools, its choice and its history.
    init(of request: ChatRequest, rule: NameRule) {
        var names = request.tools.compactMap { tool in if case .function(let function) = tool { function.name } else { nil } }
        for turn in request.turns {
            for case .toolCall(let call) in turn.parts { names.append(call.name) }
        }
        // First those that stay as they are, so that none of them meets the new name of another.
        for name in names where rule.allows(name) { add(name, name) }
        for name in names where sent[ExactText(name)] == nil {
            var attempt = 0
            var new = rule.fit(name)
            while originals[ExactText(new)] != nil, attempt < 16 {
                attempt += 1
                new = rule.fit(name, attempt: attempt)
            }
            add(name, new)
        }
    }

    private mutating func add(_ name: String, _ new: String) {
        sent[ExactText(name)] = new
        originals[ExactText(new)] = name
    }

    /// Whether a tool has another name at the provider.
    var areChanged: Bool { sent.contains { $0.key != ExactText($0.value) } }

    /// What a tool is called at the provider.
    func sent(for name: String) -> String { sent[ExactText(name)] ?? name }

    /// What a tool is called by the caller.
    func original(of name: String) -> String { originals[ExactText(name)] ?? name }
}

/// Ids of calls. A signature that has to come back with a call is hidden in its id, as callers give nothing else back unchanged.
enum CallID {
    private static let mark = "__thought__"

    /// The id that a caller is given.
    static func join(_ id: String, _ signature: ReasoningSignature?) -> String {
        guard let signature else { return id }
        return id + mark + Base64.encodeURLSafe(Array(signature.text.utf8))
    }

    /// What a caller gives back.
    static func split(_ id: String, in dialect: Dialect) -> (id: String, signature: ReasoningSignature?) {
        guard let range = id.firstRange(of: mark), let bytes = Base64.decodeURLSafe(String(id[range.upperBound...])),
            let text = String(validating: bytes, as: UTF8.self)
        else { return (id, nil) }
        return (String(id[..<range.lowerBound]), ReasoningSignature(text: text, in: dialect))
    }
}
