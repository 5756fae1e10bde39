import FoundationEssentials
import HTTPTypes
public import HubCore
import Logging
import NIOCore

/// One Model API of a snapshot: the protocols of OpenAI and Anthropic towards callers, services of any dialect behind it; at
/// `/models/{name}/v1` and, where the name is `default`, at `/v1`.
///
/// The checks of a request, in order:
/// 1. Its origin, if it has one, is a page of this hub or one that the entry is for.
/// 2. The path is served. 3. The method is that of the path. 4. The body says it is JSON.
/// 5. It is an object that names a model; `stream` is a boolean where it stands.
/// 6. A rule of the routing is for it. 7. A service serves it, or it can be converted.
public struct ModelAPI: HubEntry {
    /// The name in the configuration and the path.
    public let name: String
    private let routing: ModelRouting
    private let health: ModelServiceHealth
    private let caching: ModelCaching?
    private let policies: [any Policy]
    private let hosts: HostRule
    private let timers: TimerTable
    private let usage: any UsageSink
    private let secondsSince1970: @Sendable () -> Int64

    /// An API with several services.
    ///
    /// - Parameters:
    ///   - name: the name in the configuration.
    ///   - routing: who answers what.
    ///   - health: how the ways to its services are doing, of all APIs and snapshots.
    ///   - caching: nil: no answer is kept.
    ///   - policies: what stands around a call, whatever is tried for it, the outermost first. They see the caller's own message and may
    ///     change its body; the answer is in the caller's dialect.
    ///   - hosts: whose pages may use the API.
    ///   - timers: keep idle streams in use and limits of time; must be driven.
    ///   - usage: takes what each call used.
    ///   - secondsSince1970: the wall clock; nil: the system's.
    public init(
        name: String, routing: ModelRouting, health: ModelServiceHealth, caching: ModelCaching? = nil, policies: [any Policy] = [],
        hosts: HostRule, timers: TimerTable, usage: any UsageSink = NoUsageSink(), secondsSince1970: (@Sendable () -> Int64)? = nil
    ) {
        self.name = name
        self.routing = routing
        self.health = health
        self.caching = caching
        self.policies = policies
        self.hosts = hosts
        self.timers = timers
        self.usage = usage
        self.secondsSince1970 = secondsSince1970 ?? { Int64(Date.now.timeIntervalSince1970) }
    }

    /// An API with one service.
    ///
    /// - Parameters:
    ///   - name: the name in the configuration.
    ///   - target: passes messages on, policies included. Their paths begin below the base path of the provider.
    ///   - hosts: whose pages may use the API.
    ///   - timers: keep idle streams in use; must be driven.
    ///   - provider: what `target` reaches.
    ///   - usage: takes what each call used.
    ///   - secondsSince1970: the wall clock; nil: the system's.
    public init(
        name: String, target: any CallTarget, hosts: HostRule, timers: TimerTable,
        provider: ModelProvider = ModelProvider(.openAICompatible), usage: any UsageSink = NoUsageSink(),
        secondsSince1970: (@Sendable () -> Int64)? = nil
    ) {
        self.init(
            name: name, routing: ModelRouting(ModelService(name: provider.name, provider: provider, target: target)),
            health: ModelServiceHealth(), hosts: hosts, timers: timers, usage: usage, secondsSince1970: secondsSince1970)
    }

    /// Answers below `/models/{name}`; `subpath` begins with `/v1`.
    public func respond(to request: InboundRequest, subpath: Substring, writer: any ResponseWriter) async throws {
        let fields = request.head.headerFields
        let route: ModelRoute
        let body: ModelRequest?
        let trip: [ModelDestination]
        do throws(OpenAIError) {
            (route, body) = try check(request, ModelRoute(rawValue: String(subpath)))
            trip = routing.trip(for: body?.model ?? "", fields: fields, choice: ModelRouting.choice(of: request.id)) {
                health.rest(of: $0.service.healthNames(in: name)) == nil
            }
            guard !trip.isEmpty || route == .models else { throw .noSuchModel }
        } catch {
            return try await writer.refuse(error, to: request, subpath: subpath)
        }
        let dialect = route.dialect(fields)
        let model = body?.model ?? ""
        let meter = UsageMeter(
            UsageRecord(
                requestID: request.id, api: name, consumer: request.principal.consumer, provider: "", route: route, model: model,
                providerModel: "", isStreaming: body?.isStreaming ?? false))
        let reply = ModelReply(to: writer, in: dialect, requestID: request.id, timers: timers)
        defer {
            reply.stop()
            if meter.hasBegun { usage.take(meter.record) }
        }
        let target = ModelTarget(
            api: name, route: route, body: body, fields: fields, destinations: trip, routing: routing, health: health,
            caching: caching, timers: timers, reply: reply,
            meter: meter, now: secondsSince1970())
        // What names no model is called by what it does.
        let word = model.isEmpty ? String(route.rawValue.dropFirst("/v1/".count)) : model
        let message = OutboundRequest(method: route.method, path: route.rawValue, body: body?.document.bytes)
        let answer: CallResponse
        do {
            answer = try await PolicyChain(policies, around: target)
                .perform(Call(entry: name, tool: word, content: .message(message)), context: request.context)
        } catch is CancellationError {
            // Or the caller has gone, and nobody hears it.
            answer = CallResponse(.stopping, in: dialect, requestID: request.id)
            meter.ending = .abandoned
        } catch {
            meter.ending = .failed
            if !(error is HubError) { request.logger.error("a call failed", metadata: ["error": "\(error)"]) }
            let failure = OpenAIError(error as? HubError ?? HubError(.internal, "The hub failed to answer", cause: error))
            answer = CallResponse(failure, in: dialect, requestID: request.id)
        }
        try await reply.send(answer, meter: meter)
    }

    private func check(_ request: InboundRequest, _ route: ModelRoute?) throws(OpenAIError) -> (ModelRoute, ModelRequest?) {
        let fields = request.head.headerFields
        if let origin = fields.value(.origin), !request.hasAllowedOrigin, !hosts.allows(origin: origin) {
            throw OpenAIError(.forbidden, .permission, "Pages of this origin may not use this API", code: "origin_refused")
        }
        guard let route else { throw .nothingHere }
        guard request.head.method == route.method else {
            throw OpenAIError(
                .methodNotAllowed, .invalidRequest, "Only \(route.method) is served here", code: "method_not_supported",
                fields: [.allow: "\(route.method)"])
        }
        // The query stays here: nothing in it is known to be needed, and a provider might take a credential in it.
        guard route.method == .post else { return (route, nil) }
        let type = fields.value(.contentType)
        guard type == "application/json" || type.flatMap({ MediaType($0) })?.essence == "application/json" else {
            throw OpenAIError(
                .unsupportedMediaType, .invalidRequest, "The body must be application/json", code: "unsupported_content_type")
        }
        return (route, try ModelRequest(request.body, mayLackModel: route == .moderations))
    }
}
