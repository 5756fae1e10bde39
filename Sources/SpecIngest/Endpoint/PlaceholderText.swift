/// A text in which `{name}` stands for an argument; `{{name}}` is the text `{name}`, and other braces stand for themselves.
enum PlaceholderText {
    enum Piece: Equatable {
        case literal(String)
        case placeholder(String)
    }

    /// The pieces of a text, in order; never two literals beside each other.
    static func cut(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var literal = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            literal += rest[..<open]
            rest = rest[open...]
            if let name = name(in: rest, opening: "{{", closing: "}}") {
                literal += "{\(name)}"
                rest = rest.dropFirst(name.count + 4)
            } else if let name = name(in: rest, opening: "{", closing: "}") {
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = ""
                pieces.append(.placeholder(String(name)))
                rest = rest.dropFirst(name.count + 2)
            } else {
                literal += "{"
                rest = rest.dropFirst()
            }
        }
        literal += rest
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        return pieces
    }

    /// The names a text takes arguments of.
    static func names(in text: String) -> [String] {
        cut(text).compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
    }

    private static func name(in text: Substring, opening: String, closing: String) -> Substring? {
        guard text.hasPrefix(opening) else { return nil }
        let name = text.dropFirst(opening.count).prefix {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == ".")
        }
        guard let first = name.first, first.isLetter || first == "_", name.utf8.count <= 128 else { return nil }
        return text[name.endIndex...].hasPrefix(closing) ? name : nil
    }
}
