public import Crypto

/// The SHA-256 of an API key: all that the hub keeps of one. Keys have 256 random bits, so that no slow hash is needed.
public struct KeyDigest: Sendable, Hashable, CustomStringConvertible {
    private let words: SIMD4<UInt64>

    /// The digest of a key.
    public init(of key: some StringProtocol) {
        self.init(SHA256.hash(data: Array(key.utf8)))
    }

    /// A digest that has been computed.
    public init(_ digest: SHA256.Digest) {
        self.init(bytes: Array(digest))
    }

    /// A digest as 64 hexadecimal digits in either case, as the configuration writes it; nil for any other text.
    public init?(hexadecimal text: some StringProtocol) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var high: UInt8?
        for character in text.utf8 {
            guard let digit = Self.digit(character), bytes.count < 32 else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard bytes.count == 32, high == nil else { return nil }
        self.init(bytes: bytes)
    }

    /// 32 bytes; a longer or shorter list cannot come from the initialisers above.
    private init(bytes: [UInt8]) {
        var words = SIMD4<UInt64>()
        for (index, byte) in bytes.prefix(32).enumerated() { words[index >> 3] = words[index >> 3] << 8 | UInt64(byte) }
        self.words = words
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character &- 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character &- 0x57
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character &- 0x37
        default: nil
        }
    }

    /// The whole digest, 64 hexadecimal digits.
    public var description: String { (0..<4).map { Self.hexadecimal(words[$0]) }.joined() }

    /// The first 15 digits: names a key in logs and to its owner, and gives nothing of it away.
    public var name: String { String(Self.hexadecimal(words[0]).prefix(15)) }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// Equal in a time that does not depend on where two digests differ.
    public static func == (a: KeyDigest, b: KeyDigest) -> Bool {
        let difference = a.words ^ b.words
        return difference[0] | difference[1] | difference[2] | difference[3] == 0
    }

    /// The first word: uniform already, and nobody can choose it.
    public func hash(into hasher: inout Hasher) { hasher.combine(words[0]) }
}
