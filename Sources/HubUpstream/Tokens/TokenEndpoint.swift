import HTTPTypes
import HubCore
import Logging
import NIOCore

/// The token endpoint of one token service, asked over the hub's own way out: no redirects, and limits on time and size.
///
/// Owned by the credentials that ask it; its connections end with them.
final class TokenEndpoint: Sendable {
    /// What is asked for.
    enum Grant: Sendable {
        /// RFC 6749 §4.4.
        case clientCredentials
        /// RFC 8693 §2.1.
        case exchange(Secret, SubjectTokenType)
        /// RFC 6749 §4.1.3, RFC 7636 §4.5.
        case code(Secret, verifier: Secret, redirectURI: String)
        /// RFC 6749 §6.
        case refresh(Secret)

        /// Whether it goes back to a person who signed in.
        var isPersons: Bool {
            switch self {
            case .clientCredentials, .exchange: false
            case .code, .refresh: true
            }
        }
    }

    private let settings: TokenService
    private let service: UpstreamService

    /// The longest that one answer may take, all in all: so long may a request wait for its token.
    static let timeouts = UpstreamTimeouts(connect: .seconds(5), firstByte: .seconds(10), idle: .seconds(5), total: .seconds(15))

    /// - Parameters:
    ///   - name: of the upstream that tokens are for.
    ///   - service: makes the way to an address.
    init(_ settings: TokenService, name: String, service: (UpstreamSettings) -> UpstreamService) {
        self.settings = settings
        var upstream = UpstreamSettings(
            name: "\(name)/token", addresses: [UpstreamAddress(address: settings.address)], timeouts: Self.timeouts,
            maximumResponseBytes: TokenGrant.maximumAnswerBytes, isOperatorDefined: settings.isOperatorNamed)
        upstream.authorities = settings.authorities
        self.service = service(upstream)
    }

    /// Asks for a token.
    func ask(_ grant: Grant, logger: Logger) async throws(CredentialFailure) -> TokenGrant {
        let answer: CollectedResponse
        do {
            answer = try await service.collect(Self.request(grant, settings), basePath: "", logger: logger)
        } catch {
            throw .unavailable(error)
        }
        return try TokenGrant(status: answer.status, body: answer.body)
    }

    /// The request for a token.
    static func request(_ grant: Grant, _ settings: TokenService) -> OutboundRequest {
        var form: [(String, String)] = []
        switch grant {
        case .clientCredentials: form.append(("grant_type", "client_credentials"))
        case .exchange(let token, let type):
            form.append(("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"))
            form.append(("subject_token", token.revealed))
            form.append(("subject_token_type", type.rawValue))
            form.append(("requested_token_type", SubjectTokenType.accessToken.rawValue))
        case .code(let code, let verifier, let redirectURI):
            form.append(("grant_type", "authorization_code"))
            form.append(("code", code.revealed))
            form.append(("redirect_uri", redirectURI))
            form.append(("code_verifier", verifier.revealed))
        case .refresh(let token):
            form.append(("grant_type", "refresh_token"))
            form.append(("refresh_token", token.revealed))
        }
        if !settings.scopes.isEmpty { form.append(("scope", settings.scopes.joined(separator: " "))) }
        if let audience = settings.audience { form.append(("audience", audience)) }
        if let resource = settings.resource { form.append(("resource", resource)) }
        var headers: HTTPFields = [.accept: "application/json", .contentType: "application/x-www-form-urlencoded"]
        switch settings.authentication {
        case .basic:
            // RFC 6749 §2.3.1: each is encoded as in a form before RFC 7617 puts them together.
            let pair = formText(settings.clientID) + ":" + formText(settings.clientSecret.revealed)
            headers[.authorization] = "Basic " + Base64.encode(Array(pair.utf8))
            // Some services look for it in the form where a person signed in, whatever stands in the header.
            if grant.isPersons { form.append(("client_id", settings.clientID)) }
        case .post:
            form.append(("client_id", settings.clientID))
            form.append(("client_secret", settings.clientSecret.revealed))
        case .none: form.append(("client_id", settings.clientID))
        }
        let text = form.map { "\(formText($0.0))=\(formText($0.1))" }.joined(separator: "&")
        return OutboundRequest(method: .post, path: settings.suffix, headers: headers, body: ByteBuffer(string: text))
    }

    /// Text as `application/x-www-form-urlencoded` writes it.
    private static func formText(_ text: String) -> String {
        PercentEncoding.encode(text).replacing("%20", with: "+").replacing("~", with: "%7E")
    }
}
