import HTTPTypes
import HubCore
import HubUpstream
import SpecIngest

/// How what the operator gives for a security scheme stands in a request.
enum CredentialForm: Sendable, Hashable {
    case header(String)
    case query(String)
    case cookie(String)
    case basic(username: String)
    case bearer

    /// Why nothing can be shown for a scheme: what is wrong, and what to do about it.
    struct Problem: Error {
        var message: String
        var hint: String?
    }

    // A description must not have the hub say these otherwise than the message demands.
    private static let reserved: Set<String> = [
        "host", "content-length", "content-type", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
    ]

    /// The form for a scheme.
    ///
    /// - Parameters:
    ///   - username: where user name and password are given.
    ///   - isFetched: whether what is shown is a token that the hub fetches.
    init(_ scheme: SecurityScheme, username: String?, isFetched: Bool = false) throws(Problem) {
        let form = try Self.form(scheme, username: username)
        if case .basic = form {
        } else if username != nil {
            throw Problem(message: "takes one secret, and no user name", hint: "write env:NAME")
        }
        if isFetched, form != .bearer { throw Problem(message: "takes no token", hint: "oauthClient is for OAuth 2.0 and OpenID Connect") }
        self = form
    }

    private static func form(_ scheme: SecurityScheme, username: String?) throws(Problem) -> CredentialForm {
        switch scheme.kind {
        case .apiKey(let name, .query): return .query(name)
        case .apiKey(let name, .cookie) where HTTPField.Name(name) != nil: return .cookie(name)
        case .apiKey(let name, .header) where HTTPField.Name(name) != nil && !reserved.contains(name.lowercased()): return .header(name)
        case .apiKey(let name, _): throw Problem(message: "wants a key in \(ConfigFinding.quoted(name)), where none can stand")
        case .http(scheme: "basic"):
            guard let username else {
                throw Problem(message: "takes a user name and a password", hint: "write { username: NAME, password: env:NAME }")
            }
            return .basic(username: username)
        case .http(scheme: "bearer"), .oauth2, .openIDConnect: return .bearer
        case .http(let name):
            throw Problem(message: "is HTTP \(ConfigFinding.quoted(name)), which is not in this version")
        case .mutualTLS: throw Problem(message: "is a client certificate, which is not in this version")
        case .unknown(let type): throw Problem(message: "is of the unknown type \(ConfigFinding.quoted(type))")
        }
    }

    /// The credential with its secret.
    func credential(_ secret: Secret) throws(Problem) -> UpstreamCredential {
        switch self {
        case .header(let name): return .header(name: name, value: secret)
        case .query(let name): return .query(name: name, value: secret)
        case .basic(let username): return .basic(username: username, password: secret)
        case .bearer: return .bearer(secret)
        case .cookie(let name):
            // RFC 6265 §4.1.1: nothing escapes these.
            guard !secret.revealed.utf8.contains(where: { [UInt8(ascii: ";"), UInt8(ascii: ","), 0x20, UInt8(ascii: "\"")].contains($0) })
            else { throw Problem(message: "stands in a cookie, and the secret has a character that no cookie can hold") }
            return .cookie(name: name, value: secret)
        }
    }
}
