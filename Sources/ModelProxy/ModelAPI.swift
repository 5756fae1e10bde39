import HTTPTypes
public import HubCore
import Logging
import NIOCore

/// One Model API of a snapshot: OpenAI's protocol towards callers, at `/models/{name}/v1` and, where the name is `default`, at `/v1`.
///
/// The checks of a request, in order:
/// 1. Its origin, if it has one, is a page of this hub or one that the entry is for.
/// 2. The path is served. 3. The method is POST. 4. The body says it is JSON.
/// 5. It is an object that names a model; `stream` is a boolean where it stands.
public struct ModelAPI: HubEntry {
    /// The name in the configuration and the path.
    public let name: String
    private let target: any CallTarget
    private let hosts: HostRule
    private let timers: TimerTable

    /// - Parameters:
    ///   - name: the name in the configuration.
    ///   - target: passes messages on, policies included. Their paths begin below the version, with `/chat/completions`.
    ///   - hosts: whose pages may use the API.
    ///   - timers: keep idle streams in use; must be driven.
    public init(name: String, target: any CallTarget, hosts: HostRule, timers: TimerTable) {
        self.name = name
        self.target = target
        self.hosts = hosts
        self.timers = timers
    }

    /// Answers below `/models/{name}`; `subpath` begins with `/v1`.
    public func respond(to request: InboundRequest, subpath: Substring, writer: any ResponseWriter) async throws {
        let call: Call
        do throws(OpenAIError) {
            call = try check(request, subpath: subpath)
        } catch {
            return try await writer.refuse(error)
        }
        let response: CallResponse
        do {
            response = try await target.perform(call, context: request.context)
        } catch is CancellationError {
            return try await writer.refuse(.stopping)  // or the caller has gone, and nobody hears it
        } catch {
            if !(error is HubError) { request.logger.error("a call failed", metadata: ["error": "\(error)"]) }
            return try await writer.refuse(OpenAIError(error as? HubError ?? HubError(.internal, "The hub failed to answer", cause: error)))
        }
        try await ModelAnswer(response: response, writer: writer, timers: timers, logger: request.logger).send()
    }

    private func check(_ request: InboundRequest, subpath: Substring) throws(OpenAIError) -> Call {
        let fields = request.head.headerFields
        if let origin = fields.value(.origin), !request.hasAllowedOrigin, !hosts.allows(origin: origin) {
            throw OpenAIError(.forbidden, .permission, "Pages of this origin may not use this API", code: "origin_refused")
        }
        guard ModelRoute(rawValue: String(subpath)) != nil else { throw .nothingHere }
        guard request.head.method == .post else {
            throw OpenAIError(
                .methodNotAllowed, .invalidRequest, "Only POST is served here", code: "method_not_supported", fields: [.allow: "POST"])
        }
        let type = fields.value(.contentType)
        guard type == "application/json" || type.flatMap({ MediaType($0) })?.essence == "application/json" else {
            throw OpenAIError(
                .unsupportedMediaType, .invalidRequest, "The body must be application/json", code: "unsupported_content_type")
        }
        let model = try ModelRequest(request.body).model
        // The query stays here: nothing in it is known to be needed, and a provider might take a credential in it.
        let message = OutboundRequest(
            method: .post, path: "/chat/completions", headers: ModelFields.request(fields), body: request.body)
        return Call(entry: name, tool: model, content: .message(message))
    }
}
