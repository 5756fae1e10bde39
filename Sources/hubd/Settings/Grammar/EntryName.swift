/// The names of entries: they stand in paths, so they are `[a-z0-9][a-z0-9-]{0,62}`.
enum EntryName {
    /// The rule for people.
    static let rule = "lower-case letters, digits and hyphens, not first a hyphen, at most 63"
    /// The rule for editors.
    static let pattern = "^[a-z0-9][a-z0-9-]{0,62}$"

    /// Whether `name` is one.
    static func isValid(_ name: String) -> Bool {
        (1...63).contains(name.utf8.count) && !name.hasPrefix("-") && name.utf8.allSatisfy(isNameByte)
    }

    /// A legal name that looks like `name`; nil if nothing of it is left.
    static func suggestion(for name: String) -> String? {
        let bytes = name.lowercased().utf8.prefix(63).map { isNameByte($0) ? $0 : UInt8(ascii: "-") }
        let trimmed = String(decoding: bytes.drop { $0 == UInt8(ascii: "-") }, as: UTF8.self)
        return isValid(trimmed) ? trimmed : nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
