/// A name, or a pattern in which `*` stands for any characters: how the configuration names tools, files and models.
public struct NamePattern: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    public let description: String
    /// What stands before the first star and after the last; a pattern without one is all beginning.
    private let beginning: [UInt8]
    private let end: [UInt8]
    /// What stands between stars, nothing left out but nothing.
    private let middle: [Piece]
    private let hasStar: Bool

    /// Bytes to look for, with how far each beginning of them begins again at its own end.
    private struct Piece: Sendable {
        let bytes: [UInt8]
        let overlaps: [Int]

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            var overlaps = [Int](repeating: 0, count: bytes.count)
            var length = 0
            for index in bytes.indices.dropFirst() {
                while length > 0, bytes[index] != bytes[length] { length = overlaps[length - 1] }
                if bytes[index] == bytes[length] { length += 1 }
                overlaps[index] = length
            }
            self.overlaps = overlaps
        }

        /// Where the first occurrence in `name[range]` ends; nil where there is none (Knuth, Morris and Pratt).
        func end(in name: [UInt8], _ range: Range<Int>) -> Int? {
            var length = 0
            for index in range {
                while length > 0, name[index] != bytes[length] { length = overlaps[length - 1] }
                if name[index] == bytes[length] { length += 1 }
                if length == bytes.count { return index + 1 }
            }
            return nil
        }
    }

    /// A pattern. Every character but `*` stands for itself.
    public init(_ text: String) {
        description = text
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map { Array($0) }
        beginning = parts.first ?? []
        hasStar = parts.count > 1
        end = hasStar ? parts.last ?? [] : []
        middle = hasStar ? parts.dropFirst().dropLast().filter { !$0.isEmpty }.map { Piece($0) } : []
    }

    /// Whether it fits every name.
    public var fitsAll: Bool { hasStar && beginning.isEmpty && end.isEmpty && middle.isEmpty }

    /// Whether a name fits, by its bytes. The time grows with the length of both, whatever they are.
    public func matches(_ name: some StringProtocol) -> Bool { matches(bytes: Array(name.utf8)) }

    /// Whether a name of these bytes fits.
    public func matches(bytes name: [UInt8]) -> Bool {
        guard hasStar else { return name == beginning }
        guard name.count >= beginning.count + end.count, name.starts(with: beginning), name.suffix(end.count).elementsEqual(end) else {
            return false
        }
        var start = beginning.count
        for piece in middle {
            guard let next = piece.end(in: name, start..<name.count - end.count) else { return false }
            start = next
        }
        return true
    }

    /// Equal where the bytes are.
    public static func == (a: NamePattern, b: NamePattern) -> Bool { a.description.utf8.elementsEqual(b.description.utf8) }
    /// The text; equal strings have equal hashes.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
