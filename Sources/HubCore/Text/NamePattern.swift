/// A name, or a pattern in which `*` stands for any characters: how the configuration names tools, files and models.
public struct NamePattern: Sendable, Hashable {
    private let bytes: [UInt8]

    /// A pattern. Every character but `*` stands for itself.
    public init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Whether a name fits. Greedy with one point to return to: the time grows with the product of both lengths at worst, never faster.
    public func matches(_ name: some StringProtocol) -> Bool {
        let name = Array(name.utf8)
        var (at, position) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while at < name.count {
            if position < bytes.count, bytes[position] == UInt8(ascii: "*") {
                star = (position, at)
                position += 1
            } else if position < bytes.count, bytes[position] == name[at] {
                at += 1
                position += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                (position, at) = (last.pattern + 1, last.name + 1)
            } else {
                return false
            }
        }
        return bytes[position...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
