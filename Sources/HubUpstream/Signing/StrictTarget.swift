import HubCore

/// The path and the query of a request in the one spelling that signatures are made over: all but letters, digits and `-._~` in triplets of
/// upper-case digits (RFC 3986 §2.3).
///
/// Whoever checks a signature decodes and encodes again, and gets this. So it is also what is sent: signer, wire and checker then agree
/// whatever each of them makes of a spelling that is allowed but not this one.
struct StrictTarget: Sendable, Equatable {
    /// The path; slashes between segments stay, `%2F` in one too.
    let path: String
    /// The parameters in the order they were in, encoded; a pair without a name and a value is left out. A `+` is a space, as in a form.
    let parameters: [Parameter]

    /// One parameter, encoded.
    struct Parameter: Sendable, Equatable {
        /// The name.
        var name: String
        /// The value; nil where there is no `=`.
        var value: String?
    }

    /// - Parameter target: begins with `/`.
    init(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let segments = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
        path = segments.map { Self.strict($0) }.joined(separator: "/")
        parameters = (parts.count > 1 ? parts[1].split(separator: "&") : []).map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return Parameter(name: Self.inQuery(sides[0]), value: sides.count > 1 ? Self.inQuery(sides[1]) : nil)
        }
    }

    /// The target as it is sent.
    var text: String {
        guard !parameters.isEmpty else { return path }
        return path + "?" + parameters.map { $0.name + ($0.value.map { "=" + $0 } ?? "") }.joined(separator: "&")
    }

    /// The query in canonical form: by name, then by value, each with its `=`.
    var canonicalQuery: String {
        parameters.map { ($0.name, $0.value ?? "") }
            .sorted { $0.0 == $1.0 ? Self.isBefore($0.1, $1.1) : Self.isBefore($0.0, $1.0) }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// By bytes: `String` compares by what characters mean.
    private static func isBefore(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

    private static func inQuery(_ text: Substring) -> String { strict(text.replacing("+", with: " ")) }

    private static func strict(_ text: some StringProtocol) -> String {
        encode(PercentEncoding.bytesWherePossible(text))
    }

    /// Bytes, which need not be UTF-8, encoded.
    static func encode(_ bytes: some Sequence<UInt8>, keepingSlashes: Bool = false) -> String {
        var result: [UInt8] = []
        for byte in bytes {
            if isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10 }
}
