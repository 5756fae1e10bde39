import Crypto
import NIOCore

/// What a tool's definition is known by: the SHA-256 of its canonical form. An approval holds for one digest.
public struct DefinitionDigest: Sendable, Hashable, CustomStringConvertible {
    private static let prefix = "sha256:"
    /// Hashed before the form: no digest of anything else is one of a definition. The number is that of the form.
    private static let domain = Array("hubd tool definition 1\n".utf8)
    private static let digits = Array("0123456789abcdef".utf8)

    private let bytes: [UInt8]

    /// The digest of a canonical form.
    init(of form: ByteBuffer) {
        var hash = SHA256()
        hash.update(data: Self.domain)
        hash.update(data: Array(form.readableBytesView))
        bytes = Array(hash.finalize())
    }

    /// Reads `text`; nil for anything but `sha256:` and 64 digits of small hexadecimal.
    public init?(text: String) {
        guard text.utf8.count == Self.prefix.utf8.count + 64, text.utf8.starts(with: Self.prefix.utf8) else { return nil }
        let values = text.utf8.dropFirst(Self.prefix.utf8.count).compactMap { Self.digits.firstIndex(of: $0).map { UInt8($0) } }
        guard values.count == 64 else { return nil }
        bytes = stride(from: 0, to: 64, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }

    /// `sha256:` and 64 digits of small hexadecimal.
    public var text: String {
        Self.prefix + String(decoding: bytes.flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The text.
    public var description: String { text }
}
