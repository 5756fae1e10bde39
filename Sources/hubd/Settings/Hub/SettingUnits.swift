extension Duration {
    /// Reads `500ms`, `5s`, `10m` or `1h`: more than nothing, at most 366 days.
    init?(setting text: String) {
        let digits = text.utf8.prefix { $0 &- 0x30 < 10 }
        guard (1...9).contains(digits.count), let amount = Int64(String(digits) ?? "") else { return nil }
        let milliseconds: Int64
        switch text.utf8.dropFirst(digits.count) {
        case let unit where unit.elementsEqual("ms".utf8): milliseconds = amount
        case let unit where unit.elementsEqual("s".utf8): milliseconds = amount * 1000
        case let unit where unit.elementsEqual("m".utf8): milliseconds = amount * 60_000
        case let unit where unit.elementsEqual("h".utf8): milliseconds = amount * 3_600_000
        default: return nil
        }
        guard (1...366 * 86_400_000).contains(milliseconds) else { return nil }
        self = .milliseconds(milliseconds)
    }
}

/// Sizes in bytes, as `hub.yaml` writes them.
enum ByteSize {
    /// The largest size: 1 TiB.
    static let maximum = 1 << 40

    /// Reads `64KiB`, `4MiB` or `1GiB`: more than nothing, at most `maximum`.
    static func parse(_ text: String) -> Int? {
        let digits = text.utf8.prefix { $0 &- 0x30 < 10 }
        guard (1...9).contains(digits.count), let amount = Int(String(digits) ?? "") else { return nil }
        let shift: Int
        switch text.utf8.dropFirst(digits.count) {
        case let unit where unit.elementsEqual("KiB".utf8): shift = 10
        case let unit where unit.elementsEqual("MiB".utf8): shift = 20
        case let unit where unit.elementsEqual("GiB".utf8): shift = 30
        default: return nil
        }
        let size = amount << shift
        return (1...maximum).contains(size) ? size : nil
    }
}
