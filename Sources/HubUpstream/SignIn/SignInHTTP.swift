import HTTPTypes
import HubCore
import Logging
import NIOCore

/// Asks the services that signing in leads to: without redirects, within limits of time and size, and at private addresses only where the
/// operator named them.
struct SignInHTTP: Sendable {
    /// The largest document.
    static let maximumBytes = 256 << 10
    private static let limits = JSONLimits(maximumBytes: maximumBytes, maximumDepth: 32, maximumValues: 1 << 14, duplicateKeys: .refuse)

    /// Whoever asks tells by its error what went wrong.
    static let silent = Logger(label: "hubd") { _ in SwiftLogNoOpLogHandler() }

    /// The origins that the operator named.
    var namedOrigins: Set<String>
    /// Makes the way to an address.
    var service: @Sendable (UpstreamSettings) -> UpstreamService

    /// An answer; its document is nil where it is not a JSON object.
    struct Answer: Sendable {
        var status: Int
        var fields: HTTPFields
        var document: JSONValue?
    }

    func send(
        _ method: HTTPRequest.Method, _ url: ServiceURL, fields: HTTPFields = [.accept: "application/json"], body: ByteBuffer? = nil
    ) async throws(SignInError) -> Answer {
        guard url.isProtected(namedOrigins: namedOrigins) else {
            throw SignInError("a document leads to \(url), which is not https; the hub does not go there")
        }
        let isNamed = namedOrigins.contains(url.address.origin)
        let way = service(
            UpstreamSettings(
                name: "sign-in", addresses: [UpstreamAddress(address: url.address)], timeouts: TokenEndpoint.timeouts,
                maximumResponseBytes: Self.maximumBytes, isOperatorDefined: isNamed))
        do {
            let answer = try await way.collect(
                OutboundRequest(method: method, path: url.suffix, headers: fields, body: body), basePath: "",
                logger: Self.silent)
            // A page of a proxy is no document; its status says enough.
            let document = try? JSONDocument(parsing: answer.body, limits: Self.limits).root
            return Answer(status: answer.status, fields: answer.fields, document: document?.kind == .object ? document : nil)
        } catch let error as HubError where error.code == .addressRefused {
            throw SignInError(
                "a document leads to \(url), whose address is not public; where it is yours, name its authorization server in hub.yaml: "
                    + "credential: { oauthUser: { authorizationServer: URL } }")
        } catch let error as HubError {
            throw SignInError("\(url) cannot be asked: \(error.message)")
        } catch {
            throw SignInError("\(url) cannot be asked")
        }
    }
}
