import HTTPTypes
import HubCore
import NIOCore

/// What an agent elsewhere answered, read to its end.
struct RemoteAnswer {
    /// The status of HTTP.
    let status: Int
    /// The body; nil where there is none, or no JSON.
    private let body: JSONValue?
    private let isEmpty: Bool

    /// Reads an answer.
    ///
    /// - Parameter limit: of its body, in bytes.
    init(_ response: CallResponse, limit: Int) async throws {
        status = response.status
        let bytes = try await response.body.collect(upTo: limit)
        isEmpty = bytes.readableBytes == 0
        body = try? JSONDocument(parsing: bytes, limits: RemoteAgentClient.limits).root  // nil is looked at where it matters
    }

    /// Whether it says in the words of the protocol what failed.
    var isFailureOfProtocol: Bool { body?["error"]?.kind == .object || body?["code"]?.int != nil || body?["type"]?.string != nil }

    /// What it says.
    ///
    /// - Throws: `A2AFailure` for whom the hub serves: it names no address, whatever the agent wrote.
    func result(of operation: A2AOperation, _ interface: RemoteInterface) throws(A2AFailure) -> A2AResult {
        do throws(A2AFailure) {
            guard (200..<300).contains(status) || isFailureOfProtocol else { throw A2AFailure(status: status) }
            switch interface.binding {
            case .jsonRPC:
                guard let body else { throw A2AFailure.noAgent }
                return try A2AResult(jsonRPC: body, id: RemoteAgentClient.id, to: operation, interface.version)
            case .http:
                if body == nil, !isEmpty { throw A2AFailure.noAgent }
                return try A2AResult(http: status, body: body, to: operation, interface.version)
            }
        } catch {
            throw error.toldByAgent
        }
    }
}

extension A2AFailure {
    /// What comes from an agent that does not speak the protocol.
    static let noAgent = A2AFailure(.invalidAgentResponse, "The agent's answer is not of the protocol")
    /// The longest text of another's that is passed on, in characters of Unicode.
    private static let maximumText = 500

    /// What a status without a word of the protocol says of an agent.
    fileprivate init(status: Int) {
        switch status {
        case 401, 403, 407: self.init(.unauthenticated, "")
        case 429: self.init(.rateLimited, "")
        case 503: self.init(.overloaded, "")
        case 504: self.init(.upstreamTimeout, "")
        default: self.init(.upstreamFailed, "The agent answered with status \(status)")
        }
    }

    /// The failure as the hub tells it.
    ///
    /// 1. What a caller may mend is told in the agent's words, unless they have an address in them.
    /// 2. What went wrong inside the agent is not: such words name hosts and files.
    var toldByAgent: A2AFailure {
        let said = String(String.UnicodeScalarView(message.unicodeScalars.prefix(Self.maximumText)))
        let words = said.isEmpty || said.contains("://") ? nil : said
        switch code {
        case .invalidParameters, .invalidRequest, .unsupportedOperation, .contentTypeNotSupported, .extensionRequired, .taskNotCancelable,
            .taskNotFound, .contentBlocked, .tooLarge, .methodNotFound, .parseError, .pushNotSupported, .extendedCardNotConfigured,
            .versionNotSupported, .unsupportedMediaType:
            return A2AFailure(code, words.map { "The agent refused: \($0)" } ?? "The agent refused the message")
        case .invalidAgentResponse, .upstreamFailed: return A2AFailure(code, words ?? "The agent failed to answer")
        case .unauthenticated, .forbidden: return A2AFailure(.upstreamFailed, "The agent does not let the hub in")
        case .rateLimited, .overloaded: return A2AFailure(.upstreamFailed, "The agent is at its limit")
        case .upstreamTimeout: return A2AFailure(code, "The agent did not answer in time")
        case .internal: return A2AFailure(.upstreamFailed, "The agent failed to answer")
        }
    }
}
