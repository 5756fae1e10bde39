import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import MCPHub

/// A client of a call that answers what the test says.
final class StubClient: CallClient {
    let capabilities: ClientCapabilities
    let takesInputRequests: Bool
    let logLevel: LogLevel?
    let wantsProgress = true
    private let answer: @Sendable (ClientRequest) async throws -> String
    private let state = NIOLockedValueBox((notices: [String](), asked: [String]()))
    private let holding = NIOLockedValueBox<(@Sendable () -> Bool)?>(nil)

    init(
        _ capabilities: ClientCapabilities = [], takesInputRequests: Bool = false, logLevel: LogLevel? = nil,
        answer: @escaping @Sendable (ClientRequest) async throws -> String = { _ in #"{"action":"accept","content":{}}"# }
    ) {
        self.capabilities = capabilities
        self.takesInputRequests = takesInputRequests
        self.logLevel = logLevel
        self.answer = answer
    }

    var notices: [String] { state.withLockedValue { $0.notices } }
    var asked: [String] { state.withLockedValue { $0.asked } }

    /// Whether others wait for what its call holds; nil: it holds nothing.
    var isWanted: Bool? { holding.withLockedValue { $0 }?() }

    func holds(_ isWantedByOthers: (@Sendable () -> Bool)?) { holding.withLockedValue { $0 = isWantedByOthers } }

    func notify(_ notice: CallNotice) {
        let text =
            switch notice {
            case .progress(let members): "progress \(String(buffer: members))"
            case .elicitationComplete(let id): "complete \(id)"
            case .log(let level, let params): "log \(level) \(String(buffer: params))"
            }
        state.withLockedValue { $0.notices.append(text) }
    }

    func ask(_ request: ClientRequest) async throws -> JSONValue {
        state.withLockedValue { $0.asked.append("\(request.method) \(String(buffer: request.params))") }
        return try json(try await answer(request)).root
    }
}
