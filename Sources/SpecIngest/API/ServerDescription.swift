/// A server as a description offers it, before its variables are filled in.
public struct ServerDescription: Sendable, Hashable {
    /// A part of a server's URL that whoever uses the API chooses.
    public struct Variable: Sendable, Hashable {
        /// The name, which stands in braces in the URL.
        public var name: String
        /// What it is where nothing is chosen.
        public var fallback: String?
        /// What it may be; empty: anything.
        public var values: [String]
    }

    /// Filled in, a URL could be as long as its variables times the places where they stand.
    private static let maximumBytes = 8 << 10

    /// The name (OpenAPI 3.2).
    public var name: String?
    /// The URL as it is written, `{variables}` and all.
    public var url: String
    /// The variables that are declared, in order.
    public var variables: [Variable]

    /// Where it is.
    ///
    /// - Parameter chosen: values of variables; those that are not named are what the description says.
    public func reference(_ chosen: [String: String] = [:]) -> ServerReference {
        var filled = ""
        var rest = url[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = String(rest[rest.index(after: open)..<close])
            let variable = variables.first { $0.name == name }
            guard let value = chosen[name] ?? variable?.fallback ?? variable?.values.first else {
                return .unusable(url, reason: "its variable \(FindingLog.quoted(name)) has no default")
            }
            guard filled.utf8.count + value.utf8.count <= Self.maximumBytes else {
                return .unusable(url, reason: "it is longer than \(Self.maximumBytes) bytes")
            }
            filled += rest[..<open] + value
            rest = rest[rest.index(after: close)...]
        }
        return ServerReader.reference(Self.trimmed(filled + rest), written: url)
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
