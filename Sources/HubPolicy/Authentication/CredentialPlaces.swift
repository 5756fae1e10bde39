public import HTTPTypes
public import HubCore

/// The credential that a request shows.
public enum ShownCredential: Sendable, Hashable {
    /// None.
    case none
    /// What follows `Bearer` (RFC 6750 §2.1): a key or a token.
    case bearer(Secret)
    /// A key in a place that is for keys.
    case key(Secret)
    /// A signature over the request.
    case signature
    /// Of a kind that no entry takes.
    case unsupported
    /// More than one, in different places or in one.
    case several
}

/// Where the credential of a request may stand.
///
/// 1. Every place where clients of the protocols put one is looked at, whatever the entry takes, and the places that the entry names.
/// 2. Two credentials are refused, also two equal ones: which of them another reader of the request would take is not known.
/// 3. A query parameter is looked at only where the entry names it: queries end up in logs and histories.
public struct CredentialPlaces: Sendable, Hashable {
    /// A credential longer than this is none of the hub's.
    public static let maximumBytes = 8 << 10

    private let headers: Set<HTTPField.Name>
    private let parameters: Set<String>

    /// The places of the protocols, and further ones.
    public init(headers: [HTTPField.Name] = [], parameters: [String] = []) {
        self.headers = Self.common.union(headers)
        self.parameters = Set(parameters)
    }

    /// The headers of Anthropic's, Azure's and Google's clients.
    private static let common: Set<HTTPField.Name> = [.anthropicKey, .azureKey, .googleKey]

    /// The credential of a request.
    public func credential(in head: HTTPRequest) -> ShownCredential {
        var shown = ShownCredential.none
        for field in head.headerFields {
            let found: ShownCredential
            switch field.name {
            case .authorization: found = Self.authorization(field.value)
            case .proxyAuthorization, .signatureOfGateway: found = .signature
            case let name where headers.contains(name): found = Self.key(field.value)
            default: continue
            }
            guard shown == .none else { return .several }
            shown = found
        }
        guard !parameters.isEmpty, let path = head.path, let query = path.firstIndex(of: "?") else { return shown }
        for pair in path[path.index(after: query)...].split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parameters.contains(Self.decoded(parts[0])) else { continue }
            guard shown == .none else { return .several }
            shown = Self.key(parts.count > 1 ? Self.decoded(parts[1]) : "")
        }
        return shown
    }

    private static func authorization(_ value: String) -> ShownCredential {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return .unsupported }
        switch parts[0].lowercased() {
        case "bearer":
            let text = parts[1].drop { $0 == " " }
            return isCredential(text) ? .bearer(Secret(String(text))) : .unsupported
        case "hmac", "signature": return .signature
        default: return .unsupported
        }
    }

    private static func key(_ value: String) -> ShownCredential { isCredential(value) ? .key(Secret(value)) : .unsupported }

    /// Visible ASCII alone: what else stands there, no client of ours was given.
    private static func isCredential(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.count <= maximumBytes && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }

    private static func decoded(_ text: Substring) -> String {
        let spaced = String(text).replacing("+", with: " ")
        return PercentEncoding.decode(spaced) ?? spaced
    }
}

extension HTTPField.Name {
    // The literals are tokens, so that the failable initialiser cannot fail.
    static let anthropicKey = HTTPField.Name("x-api-key") ?? .via
    static let azureKey = HTTPField.Name("api-key") ?? .via
    static let googleKey = HTTPField.Name("x-goog-api-key") ?? .via
    static let signatureOfGateway = HTTPField.Name("x-ca-signature") ?? .via
}
