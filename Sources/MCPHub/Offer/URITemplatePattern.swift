/// A template of addresses (RFC 6570) turned round: tells whether an address can have come of it.
///
/// 1. Text outside expressions stands for itself. 2. `{x}` is one or more characters of one part of a path. 3. `{+x}` is any characters.
/// 4. `{/x}`, `{.x}`, `{;x}`, `{?x}`, `{&x}` and `{#x}` may be nothing at all, or begin with their sign; `?` stands for `{?x}`.
/// Names, lengths and lists of variables change nothing. The work is bounded by the product of both lengths, and mostly by their sum.
struct URITemplatePattern: Sendable {
    private enum Piece: Sendable {
        case byte(UInt8)
        /// One or more of a class.
        case run(Class)
        /// Nothing, or a sign and any number of a class.
        case tail(UInt8, Class)
    }

    private enum Class: Sendable {
        case segment
        case query
        case any

        func contains(_ byte: UInt8) -> Bool {
            switch self {
            case .segment: byte != UInt8(ascii: "/") && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#")
            case .query: byte != UInt8(ascii: "#")
            case .any: true
            }
        }
    }

    /// The longest address that is compared, and the longest template, in bytes.
    static let maximumLength = 4096
    private static let maximumExpressions = 32

    /// The work that comparing one address with all templates of a server may be, in places that are looked at.
    static let maximumWork = 1 << 20

    private let pieces: [Piece]
    /// How many bytes stand before the first expression.
    private let prefixLength: Int

    /// Nil for a template whose braces do not pair, or that is too large: it fits nothing.
    init?(_ template: String) {
        guard template.utf8.count <= Self.maximumLength else { return nil }
        var pieces: [Piece] = []
        var expressions = 0
        var rest = template.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "{") else {
                if byte == UInt8(ascii: "}") { return nil }
                pieces.append(.byte(byte))
                continue
            }
            guard let end = rest.firstIndex(of: UInt8(ascii: "}")), let first = rest.first, end > rest.startIndex else { return nil }
            expressions += 1
            guard expressions <= Self.maximumExpressions else { return nil }
            pieces.append(Self.piece(of: first))
            rest = rest[rest.index(after: end)...]
        }
        self.pieces = pieces
        prefixLength = pieces.prefix { if case .byte = $0 { true } else { false } }.count
    }

    private static func piece(of sign: UInt8) -> Piece {
        switch sign {
        case UInt8(ascii: "+"): .run(.any)
        case UInt8(ascii: "#"): .tail(sign, .any)
        case UInt8(ascii: "?"), UInt8(ascii: "&"): .tail(sign, .query)
        case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: ";"): .tail(sign, sign == UInt8(ascii: "/") ? .query : .segment)
        default: .run(.segment)
        }
    }

    /// Whether the whole address fits.
    func matches(_ uri: String) -> Bool {
        var work = Self.maximumWork
        return matches(uri, work: &work)
    }

    /// Whether the whole address fits, as far as the work that is left allows to tell; takes from `work` what it was.
    func matches(_ uri: String, work: inout Int) -> Bool {
        work -= 1
        guard work > 0, uri.utf8.count <= Self.maximumLength, hasPrefix(of: uri) else { return false }
        work -= pieces.count
        // Each place is before a piece (even) or inside one (odd); all places that the address so far may have come to are kept.
        var places: [Int] = []
        var marks = [Int](repeating: -1, count: 2 * pieces.count + 2)
        enter(0, at: 0, &places, &marks)
        var step = 0
        for byte in uri.utf8 {
            step += 1
            work -= places.count
            guard work > 0 else { return false }
            var next: [Int] = []
            for place in places { advance(place, by: byte, at: step, &next, &marks) }
            guard !next.isEmpty else { return false }
            places = next
        }
        return marks[2 * pieces.count] == step
    }

    /// Most addresses are told from most templates by how they begin.
    private func hasPrefix(of uri: String) -> Bool {
        var bytes = uri.utf8.makeIterator()
        return pieces.prefix(prefixLength).allSatisfy { piece in
            guard case .byte(let wanted) = piece, let byte = bytes.next() else { return false }
            return byte == wanted
        }
    }

    /// Adds the place before a piece, and those behind it that are reached by taking nothing.
    private func enter(_ piece: Int, at step: Int, _ places: inout [Int], _ marks: inout [Int]) {
        var piece = piece
        while marks[2 * piece] != step {
            marks[2 * piece] = step
            places.append(2 * piece)
            guard piece < pieces.count, case .tail = pieces[piece] else { return }
            piece += 1
        }
    }

    private func advance(_ place: Int, by byte: UInt8, at step: Int, _ next: inout [Int], _ marks: inout [Int]) {
        let piece = place / 2
        guard piece < pieces.count else { return }
        let isTaken: Bool
        switch pieces[piece] {
        case .byte(let wanted):
            if byte == wanted { enter(piece + 1, at: step, &next, &marks) }
            return
        case .run(let members): isTaken = members.contains(byte)
        case .tail(let sign, let members): isTaken = place % 2 == 0 ? byte == sign : members.contains(byte)
        }
        guard isTaken else { return }
        if marks[2 * piece + 1] != step {
            marks[2 * piece + 1] = step
            next.append(2 * piece + 1)
        }
        enter(piece + 1, at: step, &next, &marks)
    }
}
