import HubCore

/// Names that every client and model provider takes: letters, digits and `_`, not longer than a limit, the same on every read.
enum SafeName {
    /// `text` with each run of other characters as one `_`, and none of those at either end. Empty where nothing is left.
    static func words(_ text: String) -> String {
        var result: [UInt8] = []
        var isPending = false
        for byte in text.utf8 {
            if isWordByte(byte) {
                if isPending, let last = result.last, last != UInt8(ascii: "_") { result.append(UInt8(ascii: "_")) }
                result.append(byte)
                isPending = false
            } else {
                isPending = true
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A name that begins with a letter or `_`, as Gemini wants it.
    static func identifier(_ text: String) -> String {
        let words = words(text)
        guard let first = words.utf8.first, first &- UInt8(ascii: "0") < 10 else { return words }
        return "_" + words
    }

    /// `name` if it is within `limit`; otherwise cut at a word's border, with six characters that stand for all of `original`.
    static func shortened(_ name: String, original: String, limit: Int) -> String {
        name.utf8.count <= limit ? name : hashed(name, original: original, limit: limit)
    }

    /// `name`, cut where it must be, with six characters that stand for `original`.
    static func hashed(_ name: String, original: String, limit: Int) -> String {
        let room = max(1, limit - 7)
        var bytes = Array(name.utf8)
        if bytes.count > room {
            let border = (room / 2...room).last { isBorder(bytes, at: $0) } ?? room
            bytes.removeSubrange(border...)
        }
        while bytes.count > 1, bytes.last == UInt8(ascii: "_") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self) + "_" + hash(original)
    }

    /// Six hexadecimal digits of the hash of `text`.
    static func hash(_ text: String) -> String { FNV1a.digits(of: text) }

    // A word ends before `_` and before a capital that follows a small letter or a digit.
    private static func isBorder(_ bytes: [UInt8], at index: Int) -> Bool {
        guard index > 0, index < bytes.count else { return false }
        if bytes[index] == UInt8(ascii: "_") { return true }
        return isCapital(bytes[index]) && bytes[index - 1] != UInt8(ascii: "_") && !isCapital(bytes[index - 1])
    }

    private static func isCapital(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "A") < 26 }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
    }
}
