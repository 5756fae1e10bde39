/// Numbers as people and models read them.
enum CountText {
    /// `1,240`.
    static func count(_ value: Int) -> String {
        let digits = Array(String(max(0, value)))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// `64 KiB` where it is round, otherwise `1,240 bytes`.
    static func bytes(_ value: Int) -> String {
        for (unit, size) in [("MiB", 1 << 20), ("KiB", 1 << 10)] where value >= size && value % size == 0 {
            return count(value / size) + " " + unit
        }
        return count(value) + " bytes"
    }

    /// Text of an upstream inside a sentence: printable, and not long.
    static func quoted(_ text: String, limit: Int = 80) -> String {
        let shown = String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit).map { $0.properties.isWhitespace ? " " : $0 }))
        return "\"" + shown.filter { $0 != "\"" } + (text.unicodeScalars.count > limit ? "…" : "") + "\""
    }
}
