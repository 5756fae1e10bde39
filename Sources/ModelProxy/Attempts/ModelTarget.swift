import HTTPTypes
import HubCore
import Logging
import NIOCore

/// Performs one request to a Model API: tries its destinations one after another until one answers, and gives the answer in the caller's
/// dialect, from the point on from which there is no way back. It lives as long as the request.
///
/// Where the API has a cache, a kept answer goes before, and a good one is kept.
///
/// What becomes of an attempt that fails:
/// 1. The request is at fault: the caller is told.
/// 2. It is too long for the model, or not to the provider's taste: the next destination.
/// 3. Anything else (a limit, overload, the hub's credential, a failure, time, the network): another way to the same service, and where none
///    is left the next destination. A destination that cannot be asked for it costs no attempt.
/// 4. A service whose every way rests is passed over, unless this request itself has brought it to rest and another model is meant: limits are
///    often a model's own. Then, and where nobody else can be asked, the way that wakes first is tried all the same.
/// 5. Nothing is left, or the limits are reached: the caller is told of the last failure.
struct ModelTarget: CallTarget {
    let api: String
    let route: ModelRoute
    let body: ModelRequest?
    /// The caller's.
    let fields: HTTPFields
    let destinations: [ModelDestination]
    let routing: ModelRouting
    let health: ModelServiceHealth
    let caching: ModelCaching?
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
        guard let caching, let body, let destination = destinations.first else {
            return try await answer(body, at: destinations, call, context)
        }
        guard
            let request = CachedRequest(
                route, body, fields: fields, api: api, destination: destination,
                consumer: caching.isShared ? nil : context.principal.consumer)
        else {
            var answer = try await answer(body, at: destinations, call, context)
            answer.fields[.hubCache] = "skip"
            return answer
        }
        if request.takesKept, let kept = caching.cache.find(request.digest, noOlderThan: caching.lifetime),
            let answer = request.response(kept.answer, age: kept.age, requestID: context.requestID, now: now)
        {
            meter.takeKept(destination, model: kept.answer.model)
            return answer
        }
        var answer = try await answer(body, at: destinations, call, context)
        answer.fields[.hubCache] = "miss"
        // What another destination said is no answer of the first one.
        guard answer.status == 200, !meter.hasFallenBack else { return answer }
        return keep(answer, to: request, model: destination.providerModel(for: body.model), in: caching.cache)
    }

    private func keep(_ answer: CallResponse, to request: CachedRequest, model: String, in cache: ModelCache) -> CallResponse {
        let (type, isStream) = (answer.contentType ?? "", answer.isEvents)
        let keep: @Sendable (ByteBuffer) -> Void = { [meter] body in
            guard meter.ending == .served, body.readableBytes <= cache.maximumAnswerBytes else { return }
            let kept = ModelCache.Answer(contentType: type, body: body, isStream: isStream, model: model)
            if request.isWorthKeeping(kept) { cache.keep(kept, for: request.digest) }
        }
        var answer = answer
        switch answer.body {
        case .complete(let body): keep(body)
        case .stream(let stream): answer.body = .stream(RecordedStream(stream, upTo: cache.maximumAnswerBytes, onEnd: keep))
        }
        return answer
    }

    private func answer(
        _ body: ModelRequest?, at destinations: [ModelDestination], _ call: Call, _ context: CallContext
    ) async throws -> CallResponse {
        var state = Progress()
        let begun = ContinuousClock.now
        // Those whose every way rests are left out, unless then nobody would be asked.
        for isForced in [false, true] where !isForced || state.attempts == 0 && state.hasSkipped {
            for (place, destination) in destinations.enumerated() {
                let (names, order) = order(of: destination.service)
                let model = destination.providerModel(for: body?.model ?? "")
                let isOtherModel = state.asked[destination.service.name].map { !$0.contains(model) } ?? false
                guard order.awake > 0 || isForced || isOtherModel else {
                    state.hasSkipped = true
                    continue
                }
                let plan: ModelPlan
                do throws(PlanRefusal) {
                    plan = try ModelPlan(route, body, fields: fields, destination: destination, requestID: context.requestID, now: now)
                } catch {
                    if state.refusal == nil { state.refusal = error.error }
                    if error.isAboutProvider { continue } else { break }
                }
                let ways = order.awake > 0 ? order.places.prefix(order.awake) : order.places.prefix(1)
                for (turn, way) in ways.enumerated() {
                    guard state.attempts < limits.attempts, state.attempts == 0 || begun.duration(to: .now) < limits.total else { break }
                    state.attempts += 1
                    state.asked[destination.service.name, default: []].insert(model)
                    let isOther = place + 1 < destinations.count || turn + 1 < ways.count
                    let attempt = Attempt(
                        plan: plan, destination: destination, member: destination.service.members[way], name: names[way],
                        isRetried: isOther && state.attempts < limits.attempts,
                        end: isOther || state.attempts > 1 ? begun + limits.total : nil)
                    do {
                        return try await perform(attempt, call, context)
                    } catch let failure as AttemptFailure {
                        meter.fail(failure.error)
                        state.last = answer(failure, names: names)
                        let scope = failure.scope(isModelFixed: destination.model != nil)
                        guard scope != .request, !Task.isCancelled else { return told(failure.answer) }
                        if attempt.isRetried { log(failure, attempt, context.logger) }
                        if scope == .model { break }
                    }
                }
            }
        }
        if let last = state.last { return told(last) }
        return CallResponse(state.refusal ?? .noSuchModel, in: route.dialect(fields), requestID: context.requestID)
    }

    /// How far it has come.
    private struct Progress {
        var attempts = 0
        /// The models that each service was asked for.
        var asked: [String: Set<String>] = [:]
        /// Whether a service was left out because it rests.
        var hasSkipped = false
        /// What the caller is told if nobody answers: of the last failure, or else why the first provider cannot be asked.
        var last: CallResponse?
        var refusal: OpenAIError?
    }

    private func order(of service: ModelService) -> (names: [String], order: (places: [Int], awake: Int)) {
        let names = service.healthNames(in: api)
        return (names, health.order(of: names, service: "\(api)/\(service.name)"))
    }

    /// What the caller is told of a failure: of a limit, that it may come again as soon as one way to the service is free; where there is one way
    /// alone, as its provider says, and if it does not, as the hub waits for it.
    private func answer(_ failure: AttemptFailure, names: [String]) -> CallResponse {
        var answer = failure.answer
        let isLimit = failure.error.kind == .rateLimit
        let isSilent = answer.fields[.retryAfter] == nil && answer.fields[.retryAfterMilliseconds] == nil
        guard isLimit && names.count > 1 || (isLimit || failure.error.kind == .overload) && isSilent else { return answer }
        guard let rest = health.rest(of: names) ?? (isSilent ? .seconds(1) : nil) else { return answer }
        let (seconds, attoseconds) = rest.components
        answer.fields[.retryAfterMilliseconds] = nil
        answer.fields[.retryAfter] = String(max(1, seconds + (attoseconds > 0 ? 1 : 0)))
        return answer
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
        /// The name under which its health is kept.
        let name: String
        /// Whether something else is tried where it fails.
        let isRetried: Bool
        /// When it must have begun to answer.
        let end: ContinuousClock.Instant?
    }

    private func perform(_ attempt: Attempt, _ call: Call, _ context: CallContext) async throws -> CallResponse {
        let (plan, member) = (attempt.plan, attempt.member)
        meter.attempt(attempt.destination, model: plan.providerModel, requestBytes: plan.message.body?.readableBytes ?? 0) { [health] in
            if let failure = $0 { health.fail(attempt.name, failure) } else { health.succeed(attempt.name) }
        }
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
