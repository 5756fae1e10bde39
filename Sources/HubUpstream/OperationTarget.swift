public import HubCore
import NIOCore

/// Performs calls of one operation of an HTTP API: arguments become a request, the upstream's answer is the response.
public struct OperationTarget: CallTarget {
    let encoder: any RequestEncoder
    let answers: AnswerPlan
    let service: UpstreamService
    let publicAddress: HTTPAddress?
    private let decoder: (any ResponseDecoder)?
    private let credentials: OperationCredentials?
    let basePath: String

    /// A target.
    ///
    /// - Parameters:
    ///   - encoder: makes the request.
    ///   - decoder: turns the answer into what callers get; nil passes it on.
    ///   - service: sends it.
    ///   - credentials: what its requests show beside the credential of the upstream.
    ///   - basePath: the path of the description's server, used where the upstream's address has none.
    ///   - answers: what becomes of the answers.
    ///   - publicAddress: where the description says that the API is; addresses of next pages may name it.
    public init(
        encoder: any RequestEncoder, decoder: (any ResponseDecoder)? = nil, service: UpstreamService,
        credentials: OperationCredentials? = nil, basePath: String, answers: AnswerPlan = AnswerPlan(), publicAddress: HTTPAddress? = nil
    ) {
        self.encoder = encoder
        self.decoder = decoder
        self.service = service
        self.credentials = credentials
        self.basePath = basePath
        self.answers = answers
        self.publicAddress = publicAddress
    }

    /// Sends the request and gives back what the upstream said, as far as it fits, failures of its own included.
    public func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        let request = try answers.request(call.arguments)
        let outbound = try encoder.encode(request.arguments)
        let deadline = answers.pages == nil ? .distantFuture : NIODeadline.now() + TimeAmount(service.settings.timeouts.total)
        var (response, isOfItems) = try await response(to: outbound, for: request, deadline: deadline, context: context)
        if answers.pages != nil, !isOfItems, response.status < 300, case .complete(let body) = response.body {
            // Parsed once, whether there are further pages or not.
            response.document = AnswerPlan.json(body, response)
            if let folded = try await fold(response, to: outbound, for: request, deadline: deadline, context: context) {
                return folded
            }
        }
        var shaped = answers.shape(response, for: request)
        if decoder == nil, response.status == 202 {
            shaped.continuation = WorkTarget.next(self, request, status: 202, response.fields, on: outbound.path)
        }
        return shaped
    }

    /// One exchange: the complete answer, or the items of one that comes item by item.
    func response(
        to outbound: OutboundRequest, for request: AnswerPlan.Request, deadline: NIODeadline, context: CallContext
    ) async throws -> (response: CallResponse, isOfItems: Bool) {
        let (opened, length) = try await service.open(
            outbound, basePath: basePath, credentials: credentials, principal: context.principal, logger: context.logger, deadline: deadline
        )
        if decoder == nil, let format = answers.itemFormat(status: opened.status, contentType: opened.contentType) {
            return (try await items(of: opened, format, for: request), true)
        }
        let response: CollectedResponse
        do {
            response = try await service.collect(opened, length: length)
        } catch let error as HubError where error.code == .tooLarge {
            throw HubError(.tooLarge, error.message + answers.wayToLess, cause: error)
        }
        if let decoder { return (decoder.decode(status: response.status, fields: response.fields, body: response.body), false) }
        return (CallResponse(status: response.status, fields: response.fields, body: .complete(response.body)), false)
    }
}
