public import NIOCore

/// A client with limits of its own on the tools it takes.
public enum ClientProfile: String, Sendable, Hashable, CaseIterable {
    /// OpenAI's functions.
    case openai
    /// Anthropic's tools.
    case anthropic
    /// Gemini's function declarations: the subset of OpenAPI 3.0 in `parameters`.
    case gemini
    /// Cursor, which counts the server's name with the tool's.
    case cursor

    /// How many tools the client takes; nil where there is no limit.
    public var maximumTools: Int? {
        switch self {
        case .openai: 128
        case .cursor: 40
        case .anthropic, .gemini: nil
        }
    }

    /// The tools as this client takes them, in the same order; names stay unique.
    public func tools(_ tools: [ToolDefinition]) -> [ToolDefinition] {
        // A name that fits keeps it, whatever comes before it.
        var taken = Set(tools.map(\.name).filter { name(from: $0) == $0 })
        return tools.map { tool in
            var tool = tool
            let wanted = name(from: tool.name)
            if wanted != tool.name {
                tool.name = unique(wanted, taken: taken)
                taken.insert(tool.name)
            }
            tool.inputSchema = schema(tool.inputSchema)
            return tool
        }
    }

    /// An input schema as this client takes it; one that is no JSON object takes anything.
    public func schema(_ schema: ByteBuffer) -> ByteBuffer {
        guard let document = try? JSONDocument(parsing: schema, limits: .description) else {
            return JSONTree.object(["type": .string("object")]).bytes
        }
        let tree = JSONTree(document.root)
        var shaped = JSONTree.object(["type": .string("object")])
        // Parts are left out by depth, so that no argument starves for another's sake.
        for depth in depths {
            var shaper = ProfileShaper(profile: self, definitions: tree["$defs"]?.object ?? [:], maximumDepth: depth)
            shaped = shaper.root(tree)
            if !shaper.isExhausted { break }
        }
        return shaped.bytes
    }

    private var depths: [Int] {
        switch self {
        case .openai: [10, 6, 4, 2]
        case .gemini: [8, 6, 4, 3, 2]
        case .anthropic, .cursor: [48, 10, 4]
        }
    }

    private var maximumNameLength: Int { self == .cursor ? 48 : 64 }

    private func name(from name: String) -> String {
        var kept = name.unicodeScalars.map { isNameScalar($0) ? Character($0) : "_" }
        if kept.isEmpty { kept = ["_"] }
        if self == .gemini, let first = kept.first, !first.isLetter, first != "_" { kept.insert("_", at: 0) }
        return String(kept.prefix(maximumNameLength))
    }

    private func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }

    private func unique(_ name: String, taken: Set<String>) -> String {
        guard taken.contains(name) else { return name }
        var number = 2
        while true {
            let suffix = "_\(number)"
            let candidate = name.prefix(maximumNameLength - suffix.utf8.count) + suffix
            if !taken.contains(String(candidate)) { return String(candidate) }
            number += 1
        }
    }
}
