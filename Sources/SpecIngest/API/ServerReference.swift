public import HubCore

/// Where a description says that an operation is served, with variables filled in by their defaults.
///
/// Nothing here was checked against what may be connected to: a description can name any address, also a private one.
public enum ServerReference: Sendable, Hashable {
    /// A whole address.
    case absolute(HTTPAddress)
    /// A reference relative to the address the description came from (OpenAPI 3.1.1 §4.6), as written.
    case relative(String)
    /// The description names no server.
    case none
    /// A server that cannot be called, as written, and why.
    case unusable(String, reason: String)

    /// The path below which the operation lives on whatever host serves it: empty, or begins with `/` and does not end with one.
    public var pathPrefix: String {
        switch self {
        case .absolute(let address): address.path
        case .relative(let reference): Self.relativePath(reference)
        case .none, .unusable: ""
        }
    }

    /// The whole address, a relative reference being resolved against the address the description was read from.
    ///
    /// - Returns: nil where there is no server, or it is relative and the description did not come from an address.
    public func address(relativeTo description: HTTPAddress?) -> HTTPAddress? {
        switch self {
        case .absolute(let address):
            return address
        case .relative(let reference):
            guard let description else { return nil }
            let folder = reference.hasPrefix("/") ? "" : description.path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
            return HTTPAddress(
                scheme: description.scheme, host: description.host, port: description.port, path: folder + Self.relativePath(reference))
        case .none, .unusable:
            return nil
        }
    }

    private static func relativePath(_ reference: String) -> String {
        let path = reference.prefix { $0 != "?" && $0 != "#" }
        return path.split(separator: "/").filter { $0 != "." }.map { "/" + $0 }.joined()
    }
}
