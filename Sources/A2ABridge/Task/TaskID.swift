/// Makes the ids of tasks, conversations and messages: UUIDs of version 7 (RFC 9562 §5.7), which begin with the time and cannot be guessed.
enum TaskID {
    private static let digits = Array("0123456789abcdef".utf8)

    /// An id that nothing else has.
    ///
    /// - Parameter milliseconds: since 1970.
    static func make(_ milliseconds: Int64) -> String {
        var bits = UInt128.random(in: .min ... .max) & (1 << 80 - 1)
        bits |= UInt128(UInt64(clamping: milliseconds) & 0xFFFF_FFFF_FFFF) << 80
        bits = bits & ~(0xF << 76) | 0x7 << 76  // the version
        bits = bits & ~(0x3 << 62) | 0x2 << 62  // the variant
        var text: [UInt8] = []
        for nibble in 0..<32 {
            if [8, 12, 16, 20].contains(nibble) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(bits >> UInt128(124 - 4 * nibble) & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
