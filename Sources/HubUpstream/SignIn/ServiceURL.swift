public import HubCore

/// A URL of a service as an operator or a document wrote it: with the slash at its end and the query, which an address does not keep.
public struct ServiceURL: Sendable, Hashable, CustomStringConvertible {
    /// The longest that is read, in bytes.
    public static let maximumBytes = 2048

    /// As it was written.
    public let text: String
    /// Scheme, host, port, and the path without a slash at its end.
    public let address: HTTPAddress
    /// What comes after that: a slash, a query, both or nothing.
    public let suffix: String

    /// Reads an absolute `http` or `https` URL of visible ASCII without user name and fragment; nil for anything else.
    public init?(_ text: String) {
        let base = text.prefix { $0 != "?" }
        guard text.utf8.count <= Self.maximumBytes, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "#") }),
            let address = HTTPAddress(String(base))
        else { return nil }
        self.text = text
        self.address = address
        suffix = (base.hasSuffix("/") && !address.path.isEmpty ? "/" : "") + text[base.endIndex...]
    }

    /// The query with its question mark; empty where there is none.
    var query: Substring { suffix.drop { $0 != "?" } }

    /// As it was written.
    public var description: String { text }

    /// Whether nobody on the way can read or change what is sent there. Plain HTTP is for this machine alone, and where the operator says so.
    func isProtected(namedOrigins: Set<String>) -> Bool {
        address.scheme == .https || address.hostClass == .loopback && namedOrigins.contains(address.origin)
    }
}
