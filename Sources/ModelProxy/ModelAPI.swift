import FoundationEssentials
import HTTPTypes
public import HubCore
import Logging
import NIOCore

/// One Model API of a snapshot: the protocols of OpenAI and Anthropic towards callers, a provider of any dialect behind it; at
/// `/models/{name}/v1` and, where the name is `default`, at `/v1`.
///
/// The checks of a request, in order:
/// 1. Its origin, if it has one, is a page of this hub or one that the entry is for.
/// 2. The path is served. 3. The method is that of the path. 4. The body says it is JSON.
/// 5. It is an object that names a model; `stream` is a boolean where it stands.
/// 6. The provider serves it, or it can be converted.
public struct ModelAPI: HubEntry {
    /// The name in the configuration and the path.
    public let name: String
    private let target: any CallTarget
    private let hosts: HostRule
    private let timers: TimerTable
    private let provider: ModelProvider
    private let usage: any UsageSink
    private let secondsSince1970: @Sendable () -> Int64

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
        self.name = name
        self.target = target
        self.hosts = hosts
        self.timers = timers
        self.provider = provider
        self.usage = usage
        self.secondsSince1970 = secondsSince1970 ?? { Int64(Date.now.timeIntervalSince1970) }
    }

    /// Answers below `/models/{name}`; `subpath` begins with `/v1`.
    public func respond(to request: InboundRequest, subpath: Substring, writer: any ResponseWriter) async throws {
        let route = ModelRoute(rawValue: String(subpath))
        let plan: ModelPlan
        do throws(OpenAIError) {
            plan = try check(request, route)
        } catch {
            return try await writer.refuse(error, to: request, subpath: subpath)
        }
        var meter = UsageMeter(
            UsageRecord(
                requestID: request.id, api: name, consumer: request.principal.consumer, provider: provider.name, route: plan.route,
                model: plan.model, providerModel: plan.providerModel, isStreaming: plan.isStreaming),
            requestBytes: plan.message.body?.readableBytes ?? 0)
        defer { usage.take(meter.record) }
        // What names no model is called by what it does.
        let word = plan.model.isEmpty ? String(plan.route.rawValue.dropFirst("/v1/".count)) : plan.model
        let response: CallResponse
        do {
            response = try await target.perform(Call(entry: name, tool: word, content: .message(plan.message)), context: request.context)
        } catch is CancellationError {
            // Or the caller has gone, and nobody hears it.
            return try await writer.refuse(.stopping, in: plan.dialect, requestID: request.id)
        } catch {
            meter.outcome = .failed
            if !(error is HubError) { request.logger.error("a call failed", metadata: ["error": "\(error)"]) }
            let failure = OpenAIError(error as? HubError ?? HubError(.internal, "The hub failed to answer", cause: error))
            return try await writer.refuse(failure, in: plan.dialect, requestID: request.id)
        }
        try await send(response, plan, to: request, writer, &meter)
    }

    private func send(
        _ response: CallResponse, _ plan: ModelPlan, to request: InboundRequest, _ writer: any ResponseWriter, _ meter: inout UsageMeter
    ) async throws {
        if let conversion = plan.conversion {
            try await ConvertedAnswer(
                plan: plan, conversion: conversion, provider: provider.dialect, response: response, writer: writer, timers: timers,
                logger: request.logger, requestID: request.id, now: secondsSince1970()
            ).send(&meter)
        } else {
            try await ModelAnswer(
                plan: plan, response: response, writer: writer, timers: timers, logger: request.logger, requestID: request.id
            ).send(&meter)
        }
    }

    private func check(_ request: InboundRequest, _ route: ModelRoute?) throws(OpenAIError) -> ModelPlan {
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
        var body: ModelRequest?
        if route.method == .post {
            let type = fields.value(.contentType)
            guard type == "application/json" || type.flatMap({ MediaType($0) })?.essence == "application/json" else {
                throw OpenAIError(
                    .unsupportedMediaType, .invalidRequest, "The body must be application/json", code: "unsupported_content_type")
            }
            body = try ModelRequest(request.body, mayLackModel: route == .moderations)
        }
        return try ModelPlan(route, body, fields: fields, provider: provider, requestID: request.id, now: secondsSince1970)
    }
}
