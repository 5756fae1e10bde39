/// Percent-encoding as RFC 6570 §1.5 expands it, and its reverse.
enum PercentEncoding {
    /// Which bytes stand for themselves.
    enum Kept {
        /// Letters, digits and `-._~` (RFC 3986 §2.3).
        case unreserved
        /// Also what a query may hold unencoded (RFC 3986 §3.4), and triplets that are there already (RFC 6570 §3.2.3).
        case reserved
        /// What a path may hold, with its slashes and the triplets that are there already.
        case path
    }

    /// Appends the UTF-8 bytes of `text`, encoded.
    static func append(_ text: String, keeping kept: Kept = .unreserved, to bytes: inout [UInt8]) {
        let source = text.utf8Span.span
        for index in source.indices {
            let byte = source[index]
            if isUnreserved(byte) || isKept(byte, by: kept) {
                bytes.append(byte)
            } else if byte == UInt8(ascii: "%"), kept != .unreserved, isTriplet(source, at: index) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(digit(byte >> 4))
                bytes.append(digit(byte & 15))
            }
        }
    }

    /// The text, encoded.
    static func encode(_ text: String, keeping kept: Kept = .unreserved) -> [UInt8] {
        var bytes: [UInt8] = []
        append(text, keeping: kept, to: &bytes)
        return bytes
    }

    /// The text with its triplets decoded; what is no triplet stays, and so does what would not be UTF-8.
    static func decode(_ text: some StringProtocol) -> String {
        let source = Array(text.utf8)
        var bytes: [UInt8] = []
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "%"), index + 2 < source.count, let high = value(source[index + 1]),
                let low = value(source[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? String(text)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func isKept(_ byte: UInt8, by kept: Kept) -> Bool {
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: ":"),
            UInt8(ascii: "@"), UInt8(ascii: "/"):
            kept != .unreserved
        case UInt8(ascii: "?"):
            kept == .reserved
        default: false
        }
    }

    private static func isTriplet(_ source: Span<UInt8>, at index: Int) -> Bool {
        index + 2 < source.count && value(source[index + 1]) != nil && value(source[index + 2]) != nil
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
