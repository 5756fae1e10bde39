import HubCore

/// A path of a description, cut into what it says word for word and its variables.
struct PathTemplate {
    enum Piece: Equatable {
        /// Percent-encoded text.
        case literal([UInt8])
        /// A variable by name.
        case variable(String, allowsSlash: Bool)
    }

    /// The path.
    private(set) var pieces: [Piece] = []
    /// The pairs that the template puts into the query, percent-encoded.
    private(set) var query: [UInt8] = []
    /// Pairs of the query whose value is a variable: the name on the wire and the variable.
    private(set) var queryVariables: [(name: String, variable: String)] = []

    /// Why no request may have this path; nil where one may.
    ///
    /// A path that begins with `//` would be read as an authority (RFC 3986 §4.2), a dot segment would leave the server's base path.
    static func problem(with path: String) -> String? {
        if path.hasPrefix("//") || path.hasPrefix("/\\") { return "the path begins like the address of another host" }
        if path.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return "the path contains control characters"
        }
        if path.utf8.count > 4_096 { return "the path is longer than 4096 bytes" }
        let plain = path.prefix { $0 != "?" && $0 != "#" }.replacing("\\", with: "/")
        if plain.split(separator: "/").contains(where: { HTTPAddress.isDotSegment($0) }) { return "the path contains \".\" or \"..\"" }
        return nil
    }

    /// Cuts `path`, which has no `problem`.
    ///
    /// 1. `{name}` is a variable; `{+name}`, `{name+}`, `{name*}` and `{name:pattern}`, as some frameworks write them, are too.
    /// 2. A fragment, by which some descriptions tell operations apart, is not sent.
    /// 3. A query in the path is sent as it stands; a pair whose value is a variable becomes a query parameter.
    ///
    /// - Parameters:
    ///   - path: the path as the description writes it.
    ///   - isAtServer: whether it is what follows the server's own address, and so may be empty.
    init(_ path: String, isAtServer: Bool = false) {
        let withoutFragment = path.prefix { $0 != "#" }
        let target = isAtServer || withoutFragment.hasPrefix("/") ? String(withoutFragment) : "/" + withoutFragment
        var depth = 0
        // A question mark inside braces belongs to a variable: `{?page,size}`, `{id:[0-9]+?}`.
        let mark = target.indices.first { index in
            if target[index] == "{" { depth += 1 }
            if target[index] == "}" { depth -= 1 }
            return target[index] == "?" && depth <= 0
        }
        cut(mark.map { target[..<$0] } ?? target[...])
        if let mark { cutQuery(target[target.index(after: mark)...]) }
    }

    /// The names of the variables in the path, each once.
    var variables: [String] {
        var names: [String] = []
        for case .variable(let name, _) in pieces where !names.contains(name) { names.append(name) }
        return names
    }

    private mutating func cut(_ text: Substring) {
        var rest = text
        while let open = rest.firstIndex(of: "{") {
            guard let close = Self.closingBrace(rest, from: open) else { break }
            addLiteral(rest[..<open])
            addVariable(rest[rest.index(after: open)..<close])
            rest = rest[rest.index(after: close)...]
        }
        addLiteral(rest)
    }

    private static func closingBrace(_ text: Substring, from open: Substring.Index) -> Substring.Index? {
        var depth = 0
        for index in text[open...].indices {
            if text[index] == "{" { depth += 1 }
            if text[index] == "}" {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    private mutating func addLiteral(_ text: Substring) {
        guard !text.isEmpty else { return }
        pieces.append(.literal(PercentEncoding.bytes(of: String(text), keeping: .path)))
    }

    private mutating func addVariable(_ text: Substring) {
        if let first = text.first, first == "?" || first == "&" || first == "#" || text.isEmpty { return }
        var name = text.prefix { $0 != ":" }
        let allowsSlash = name.hasPrefix("+") || name.hasSuffix("+")
        if name.hasPrefix("+") || name.hasPrefix("/") || name.hasPrefix(".") || name.hasPrefix(";") { name = name.dropFirst() }
        while name.hasSuffix("+") || name.hasSuffix("*") || name.hasSuffix("?") { name = name.dropLast() }
        let plain = String(name)
        if !plain.isEmpty { pieces.append(.variable(plain, allowsSlash: allowsSlash)) }
    }

    private mutating func cutQuery(_ text: Substring) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[1].hasPrefix("{"), parts[1].hasSuffix("}") {
                queryVariables.append((PercentEncoding.decodeWherePossible(parts[0]), String(parts[1].dropFirst().dropLast())))
            } else if !pair.contains("{") {
                if !query.isEmpty { query.append(UInt8(ascii: "&")) }
                PercentEncoding.append(String(pair), keeping: .query, to: &query)
            }
        }
    }
}
