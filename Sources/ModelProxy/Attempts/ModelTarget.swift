import HTTPTypes
import HubCore
import Logging
import NIOCore

/// Performs one request to a Model API: tries its destinations one after another until one answers, and gives the answer in the caller's
/// dialect, from the point on from which there is no way back. It lives as long as the request.
///
/// What becomes of an attempt that fails:
/// 1. The request is at fault: the caller is told.
/// 2. It is too long for the model, or not to the provider's taste: the next destination.
/// 3. Anything else (a limit, overload, the hub's credential, a failure, time, the network): another way to the same service, and where none
///    is left the next destination. A destination that cannot be asked for it costs no attempt.
/// 4. Nothing is left, or the limits are reached: the caller is told of the last failure.
struct ModelTarget: CallTarget {
    let api: String
    let route: ModelRoute
    let body: ModelRequest?
    /// The caller's.
    let fields: HTTPFields
    let destinations: [ModelDestination]
    let routing: ModelRouting
    let timers: TimerTable
    let reply: ModelReply
    let meter: UsageMeter
    /// When the request came, in seconds since 1970.
    let now: Int64

    private var limits: ModelLimits { routing.limits }

    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        guard case .message(let message) = call.content else { throw HubError(.internal, "The hub failed to answer") }
        let dialect = route.dialect(fields)
        let body: ModelRequest?
        do throws(OpenAIError) {
            body = try changed(message)
        } catch {
            return CallResponse(error, in: dialect, requestID: context.requestID)
        }
        guard route != .models else {
            let list = ModelList(routing, fields: fields)
            guard let only = list.onlyDestination(for: dialect) else {
                return try await list.answer(call, context: context, in: dialect, timers: timers)
            }
            return try await answer(nil, at: [only], call, context)
        }
        return try await answer(body, at: destinations, call, context)
    }

    private func answer(
        _ body: ModelRequest?, at destinations: [ModelDestination], _ call: Call, _ context: CallContext
    ) async throws -> CallResponse {
        let begun = ContinuousClock.now
        var attempts = 0
        var last: CallResponse?
        var refusal: OpenAIError?
        for (place, destination) in destinations.enumerated() {
            let plan: ModelPlan
            do throws(PlanRefusal) {
                plan = try ModelPlan(route, body, fields: fields, destination: destination, requestID: context.requestID, now: now)
            } catch {
                if refusal == nil { refusal = error.error }
                if error.isAboutProvider { continue } else { break }
            }
            for (turn, member) in destination.service.members.enumerated() {
                guard attempts < limits.attempts, attempts == 0 || begun.duration(to: .now) < limits.total else { break }
                attempts += 1
                let isOther = place + 1 < destinations.count || turn + 1 < destination.service.members.count
                let attempt = Attempt(
                    plan: plan, destination: destination, member: member, isRetried: isOther && attempts < limits.attempts,
                    end: isOther || attempts > 1 ? begun + limits.total : nil)
                do {
                    return try await perform(attempt, call, context)
                } catch let failure as AttemptFailure {
                    meter.fail(failure.error.kind)
                    last = failure.answer
                    guard !Task.isCancelled else { return told(failure.answer) }
                    let scope = failure.scope(isModelFixed: destination.model != nil)
                    if attempt.isRetried { log(failure, attempt, context.logger) }
                    if scope == .request { return told(failure.answer) }
                    if scope == .model { break }
                }
            }
        }
        if let last { return told(last) }
        return CallResponse(refusal ?? .noSuchModel, in: route.dialect(fields), requestID: context.requestID)
    }

    /// The request, where something has changed it on the way.
    private func changed(_ message: OutboundRequest) throws(OpenAIError) -> ModelRequest? {
        guard let body, let bytes = message.body, bytes != body.document.bytes else { return body }
        return try ModelRequest(bytes, mayLackModel: route == .moderations)
    }

    private func told(_ answer: CallResponse) -> CallResponse {
        meter.ending = .failed
        return answer
    }

    /// One way to one provider.
    private struct Attempt: Sendable {
        let plan: ModelPlan
        let destination: ModelDestination
        let member: ModelService.Member
        /// Whether something else is tried where it fails.
        let isRetried: Bool
        /// When it must have begun to answer.
        let end: ContinuousClock.Instant?
    }

    private func perform(_ attempt: Attempt, _ call: Call, _ context: CallContext) async throws -> CallResponse {
        let (plan, member) = (attempt.plan, attempt.member)
        meter.attempt(attempt.destination, model: plan.providerModel, requestBytes: plan.message.body?.readableBytes ?? 0)
        let first = plan.isStreaming ? limits.firstEvent.map { ContinuousClock.now + $0 } : nil
        let due = [first, attempt.end].compactMap { $0 }.min()
        var sent = call
        sent.content = .message(plan.message)
        do {
            var response = try await LimitedWork.run(until: due, timers: timers, late: TimedStream.late) { [sent] in
                try await member.target.perform(sent, context: context)
            }
            if case .stream(let stream) = response.body, due != nil || limits.idle != nil {
                response.body = .stream(TimedStream(stream, until: due, idle: plan.isStreaming ? limits.idle : nil, timers: timers))
            }
            return try await AnswerOpening(
                plan: plan, provider: attempt.destination.service.provider.dialect, requestID: context.requestID, now: now,
                isRetried: attempt.isRetried, reply: reply, meter: meter, logger: context.logger
            ).open(response)
        } catch let error as HubError {
            switch error.code {
            case .upstreamFailed, .upstreamTimeout, .addressRefused, .tooLarge, .overloaded:
                throw AttemptFailure(
                    error: ProviderError(error),
                    answer: CallResponse(OpenAIError(error), in: plan.dialect, requestID: context.requestID))
            default: throw error  // not the provider's: it would be the same everywhere
            }
        }
    }

    private func log(_ failure: AttemptFailure, _ attempt: Attempt, _ logger: Logger) {
        logger.info(
            "a provider failed, and another way is tried",
            metadata: [
                "service": "\(api)/\(attempt.destination.service.name)", "member": "\(attempt.member.name)",
                "failure": "\(failure.error.kind.rawValue)",
            ])
    }
}
