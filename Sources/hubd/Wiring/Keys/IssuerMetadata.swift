import HubCore
import HubUpstream
import NIOCore

/// What an authorization server says of itself (RFC 8414 §2).
struct IssuerMetadata: Sendable, Hashable {
    /// Where its keys are (`jwks_uri`).
    var keySetURL: String

    private static let limit = 256 << 10

    /// Fetches the metadata of an issuer: RFC 8414 §3.1 before OpenID Connect Discovery 1.0 §4, as the MCP authorization specification
    /// wants it. At the places where a server has none, some answer with a page, or want a sign-in: the next place is looked at all the same.
    ///
    /// - Throws: `CommandFailure` where there is none, or it is another issuer's (RFC 8414 §3.3).
    static func fetch(of issuer: String, registry: UpstreamRegistry) async throws -> IssuerMetadata {
        var problem: (any Error)?
        for url in try urls(of: issuer) {
            do {
                return try IssuerMetadata(try await RemoteDocument.fetch(url, limit: limit, registry: registry), of: issuer)
            } catch is RemoteDocument.Missing {
                continue
            } catch {
                problem = problem ?? error
            }
        }
        throw problem ?? CommandFailure("\(issuer) publishes no metadata")
    }

    /// Reads the metadata of an issuer.
    init(_ bytes: ByteBuffer, of issuer: String) throws(CommandFailure) {
        guard let root = try? JSONDocument(parsing: bytes, limits: .message).root, root.kind == .object else {
            throw CommandFailure("the metadata of \(issuer) is not JSON")
        }
        guard root["issuer"]?.string.map({ $0.utf8.elementsEqual(issuer.utf8) }) == true else {
            throw CommandFailure("the metadata of \(issuer) is that of another issuer")
        }
        guard let url = root["jwks_uri"]?.string, DescriptionLocation.isURL(url), DescriptionLocation.isWellFormedURL(url) else {
            throw CommandFailure("the metadata of \(issuer) names no jwks_uri")
        }
        // RFC 8414 §2. Whoever can change what comes over plain HTTP could let in whom they want; an issuer that is reached so itself is the
        // operator's choice.
        let place = HTTPAddress(String(url.prefix { $0 != "?" }))
        guard place?.scheme == .https || place?.hostClass == .loopback || HTTPAddress(issuer)?.scheme == .http else {
            throw CommandFailure("the keys of \(issuer) would come without encryption: its jwks_uri is not https")
        }
        keySetURL = url
    }

    /// Where an issuer's metadata may be, in the order that is tried.
    static func urls(of issuer: String) throws(CommandFailure) -> [String] {
        guard let address = HTTPAddress(issuer) else { throw CommandFailure("\(issuer) is not an http or https URL") }
        let (origin, path) = (address.origin, address.path)
        let inserted = ["oauth-authorization-server", "openid-configuration"].map { "\(origin)/.well-known/\($0)\(path)" }
        return path.isEmpty ? inserted : inserted + ["\(origin)\(path)/.well-known/openid-configuration"]
    }
}
