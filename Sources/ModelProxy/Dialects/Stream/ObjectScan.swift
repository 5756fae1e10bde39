/// Tells as the pieces of an object of JSON come when it is whole, in one look at each byte. It does not tell whether it is right.
struct ObjectScan: Sendable {
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// Whether a bracket has been opened and all are closed.
    private(set) var isWhole = false
    /// Whether anything but white space has come.
    private(set) var hasBegun = false

    /// Looks at more of it.
    mutating func take(_ text: String) {
        for byte in text.utf8 {
            if byte > 0x20 { hasBegun = true }
            if isEscaped {
                isEscaped = false
            } else if isInString {
                if byte == UInt8(ascii: "\\") { isEscaped = true } else if byte == UInt8(ascii: "\"") { isInString = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth <= 0 { isWhole = true }
                default: break
                }
            }
        }
    }
}
