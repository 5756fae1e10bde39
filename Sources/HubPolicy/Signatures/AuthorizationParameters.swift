import HubCore

/// The parameters behind a scheme of `Authorization`, each `name="value"`, with commas between them.
///
/// Values are quoted and have neither quotes nor backslashes in them, as Kong's grammar says (`plain-string`), so that nothing has to be
/// unescaped and no two readers can differ.
struct AuthorizationParameters: Sendable {
    /// The most parameters that are read.
    static let maximumCount = 16
    /// The longest field in bytes.
    static let maximumLength = 8192

    private var values: [String: String] = [:]

    /// Reads what stands behind the scheme; nil where it is anything else, or names something twice.
    init?(_ text: Substring) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        var rest = text.utf8[...]
        repeat {
            rest = rest.drop(while: Self.isSpace)
            let name = rest.prefix { ASCIISet.token.contains($0) }
            rest = rest[name.endIndex...]
            guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "="), rest.popFirst() == UInt8(ascii: "\"") else { return nil }
            let value = rest.prefix { (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            rest = rest[value.endIndex...]
            guard rest.popFirst() == UInt8(ascii: "\""), values.count < Self.maximumCount,
                values.updateValue(String(Substring(value)), forKey: String(Substring(name))) == nil
            else { return nil }
            rest = rest.drop(while: Self.isSpace)
            guard let comma = rest.popFirst() else { return }
            guard comma == UInt8(ascii: ",") else { return nil }
        } while true
    }

    /// The value of a parameter.
    subscript(_ name: String) -> String? { values[name] }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
