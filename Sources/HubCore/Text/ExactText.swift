/// Text that is equal only to text of the same bytes. Strings of Swift are equal where they only look the same (canonical equivalence), and a
/// permission for one name is none for another that looks like it.
public struct ExactText: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The text.
    public let description: String

    /// Text that counts byte for byte.
    public init(_ text: String) { description = text }
    /// The text of a literal.
    public init(stringLiteral value: String) { self.init(value) }

    /// Equal where the bytes are.
    public static func == (a: ExactText, b: ExactText) -> Bool { a.description.utf8.elementsEqual(b.description.utf8) }

    /// The bytes.
    public func hash(into hasher: inout Hasher) {
        for byte in description.utf8 { hasher.combine(byte) }
    }
}
