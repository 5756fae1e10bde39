/// The FNV-1a hash of 64 bits: no secret and no proof, only short, stable and the same on every machine.
public struct FNV1a: Sendable {
    /// The hash of the bytes so far.
    public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash of no bytes.
    public init() {}

    /// Adds bytes.
    public mutating func combine(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    /// Six hexadecimal digits that stand for `text` in a name.
    public static func digits(of text: String) -> String {
        var whole = FNV1a()
        whole.combine(text.utf8)
        let digits = String((whole.value >> 40 ^ whole.value >> 16 ^ whole.value) & 0xFF_FFFF, radix: 16)
        return String(repeating: "0", count: 6 - digits.utf8.count) + digits
    }
}
