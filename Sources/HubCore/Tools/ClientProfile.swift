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
    ///
    /// - Parameters:
    ///   - tools: as they would be listed without a profile.
    ///   - server: the name of the server, where it is known.
    public func tools(_ tools: [ToolDefinition], server: String? = nil) -> [ToolDefinition] {
        zip(tools, names(tools.map(\.name), server: server)).map { tool, name in
            var tool = tool
            tool.name = name
            tool.inputSchema = schema(tool.inputSchema)
            // OpenAI takes 1 024 characters; the rest is for what a list adds.
            if self == .openai { tool.cutDescription(toScalars: 960) }
            return tool
        }
    }

    /// The names that tools have for this client, in the same order, each once.
    ///
    /// 1. A name that fits stays.
    /// 2. Any other is made to fit and ends in six characters that stand for the whole of it, so that a tool that is added renames no other.
    ///
    /// - Parameters:
    ///   - names: as they would be listed without a profile; no two are the same.
    ///   - server: the name of the server, where it is known: one client counts it with the tool's.
    public func names(_ names: [String], server: String? = nil) -> [String] {
        let limit = maximumNameLength(server)
        var taken = Set(names.filter { safe($0) == $0 && $0.utf8.count <= limit })
        return names.map { name in
            let safe = safe(name)
            if safe == name, name.utf8.count <= limit { return name }
            var (result, round) = (Self.hashed(safe, original: name, limit: limit), 1)
            // Six characters that fall together are rare; then the round goes into the hash.
            while !taken.insert(result).inserted {
                round += 1
                result = Self.hashed(safe, original: "\(name) \(round)", limit: limit)
            }
            return result
        }
    }

    /// Whether a server of this name leaves room for the names of its tools.
    public func hasRoom(besideServer server: String) -> Bool { maximumNameLength(server) >= 32 }

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

    private func maximumNameLength(_ server: String?) -> Int {
        // Cursor: 60 with the server's name. Without it, what leaves room for a short one.
        self == .cursor ? max(12, min(48, 60 - (server?.utf8.count ?? 0))) : 64
    }

    /// The name in characters that the client takes.
    private func safe(_ name: String) -> String {
        var kept = name.unicodeScalars.map { isNameScalar($0) ? Character($0) : "_" }
        if kept.isEmpty { kept = ["_"] }
        if self == .gemini, let first = kept.first, !first.isLetter, first != "_" { kept.insert("_", at: 0) }
        return String(kept)
    }

    private static func hashed(_ safe: String, original: String, limit: Int) -> String {
        var cut = safe.prefix(limit - 7)
        while cut.count > 1, cut.last == "_" { cut.removeLast() }
        return cut + "_" + FNV1a.digits(of: original)
    }

    private func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }
}
