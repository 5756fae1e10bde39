import HTTPTypes

/// The header fields that a signature covers, in canonical form: names in lower case and in order, a value for each.
struct SignedHeaders: Sendable, Equatable {
    /// `host;x-amz-date`.
    let names: String
    /// `host:example.com\nx-amz-date:…\n`, each line with its end.
    let lines: String

    /// - Parameters:
    ///   - fields: all fields that are sent, but `Host` and those of the framing.
    ///   - host: the value of `Host`.
    ///   - covers: whether the signature covers fields of a name, given in lower case.
    ///   - value: the one value of all fields of a name.
    init(_ fields: HTTPFields, host: String, covers: (String) -> Bool, value: ([String]) -> String) {
        var values: [String: [String]] = ["host": [host]]
        for field in fields where covers(field.name.canonicalName) { values[field.name.canonicalName, default: []].append(field.value) }
        let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        names = sorted.map(\.key).joined(separator: ";")
        lines = sorted.map { "\($0.key):\(value($0.value))\n" }.joined()
    }
}
