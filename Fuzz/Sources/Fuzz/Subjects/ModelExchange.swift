import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import ModelProxy

/// One request to a Model API of a hub of its own.
struct ModelExchange: Sendable {
    /// Keeps what calls used.
    private final class Usage: UsageSink {
        private let records = NIOLockedValueBox<[UsageRecord]>([])
        var all: [UsageRecord] { records.withLockedValue { $0 } }
        func take(_ record: UsageRecord) { records.withLockedValue { $0.append(record) } }
    }

    /// A provider of each dialect.
    static let kinds: [ModelProviderKind] = [.openAICompatible, .anthropic, .gemini, .bedrock, .ollamaNative]

    /// What the caller was answered.
    private(set) var answer = AnswerKeeper.Answer()
    /// What was metered: nothing where no provider was asked.
    private(set) var record: UsageRecord?

    /// Asks; traps where the call does not have one end.
    init(_ route: ModelRoute, _ body: ByteBuffer, kind: ModelProviderKind, target: any CallTarget) async {
        let (timers, usage, keeper) = (TimerTable(), Usage(), AnswerKeeper())
        let api = ModelAPI(
            name: "default", target: target, hosts: HostRule(names: [], allowsLoopback: true), timers: timers,
            provider: ModelProvider(kind), usage: usage, secondsSince1970: { 1_700_000_000 })
        let request = request(route.method, route.rawValue, body)
        var isCut = false
        do { try await api.respond(to: request, subpath: request.path, writer: keeper) } catch {
            claim(error is HubError, "a call breaks off for a reason: \(error)")
            isCut = true  // half an answer in one piece can only be cut
        }
        (answer, record) = (keeper.answer, usage.all.first)
        claim(answer.isEnded != isCut, "an answer has an end, unless it is cut")
        claim(usage.all.count <= 1, "a call has one record")
        claim(timers.count == 0, "no limit of time is left behind")
        claim(record != nil || answer.status >= 400 || route == .models, "what is served has a record")
        guard let record else { return }
        switch record.outcome {
        case .served: claim(answer.status < 300, "what is served has no error")
        case .failed: claim(answer.status >= 400 && !record.isEstimated, "what failed is an error, and free unless its provider counts")
        case .interrupted: claim(answer.status == 200, "what is interrupted had begun")
        case .abandoned: claim(isCut, "what is abandoned is cut")
        }
        for count in [
            record.input, record.output, record.cachedInput, record.cacheWrite, record.reasoning, record.audioInput, record.audioOutput,
        ] {
            claim(count >= 0, "nobody is paid for tokens")
        }
    }
}
