import HTTPTypes
import HubCore
import NIOCore

/// Asks what has become of work that an upstream took up with 202 and a place to look (RFC 9110 §15.3.3): the field `Location`, or
/// `Operation-Location` of Microsoft's guidelines. Only places of the same API are looked at.
///
/// 1. 202 says that it goes on, perhaps elsewhere. 2. So does an object whose `status` says so in one of the usual words. 3. 303, or another
/// redirect to a place of the API, says where the outcome is. 4. An object whose `status` says that it failed is a failure. 5. Anything else is the
/// outcome.
struct WorkTarget: CallTarget {
    let target: OperationTarget
    let request: AnswerPlan.Request
    /// Below the path of the API.
    let path: String

    private static let fields = ["operation-location", "azure-asyncoperation", "location"].compactMap { HTTPField.Name($0) }
    private static let going: Set<String> = [
        "accepted", "created", "inprogress", "notstarted", "pending", "processing", "queued", "running", "scheduled", "started",
        "submitted",
        "waiting", "working",
    ]
    private static let failed: Set<String> = ["aborted", "canceled", "cancelled", "error", "failed", "failure"]
    private static let maximumReason = 2_000

    /// How to go on from an answer; nil where it is the outcome, or says of no place that may be looked at.
    ///
    /// - Parameter path: of the request that was answered, below the path of the API.
    static func next(_ target: OperationTarget, _ request: AnswerPlan.Request, status: Int, _ answer: HTTPFields, on path: String)
        -> WorkTarget?
    {
        guard status == 202 || (301...308).contains(status) else { return nil }
        let links = NextLink(
            target.service.settings.addresses.map(\.address), basePath: target.basePath, publicAddress: target.publicAddress)
        guard let link = fields.lazy.compactMap({ answer.value($0) }).first, let place = links.path(of: link, on: path) else { return nil }
        return WorkTarget(target: target, request: request, path: place)
    }

    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        var response = try await ask(path, context)
        if (301...303).contains(response.status) || (307...308).contains(response.status),
            let place = Self.next(target, request, status: response.status, response.fields, on: path)
        {
            response = try await ask(place.path, context)
        }
        if response.status == 202 {
            response.continuation = Self.next(target, request, status: 202, response.fields, on: path) ?? self
            return response
        }
        guard response.status < 300, case .complete(let body) = response.body else { return response }
        let word = AnswerPlan.json(body, response)?.root["status"]?.string?.lowercased().filter { $0.isLetter } ?? ""
        if Self.going.contains(word) {
            response.continuation = self
            return response
        }
        if Self.failed.contains(word) {
            let reason = String(buffer: body.getSlice(at: body.readerIndex, length: min(Self.maximumReason, body.readableBytes)) ?? body)
            throw HubError(.upstreamFailed, "The work failed: \(reason)")
        }
        return target.answers.shape(response, for: request)
    }

    private func ask(_ path: String, _ context: CallContext) async throws -> CallResponse {
        let outbound = OutboundRequest(method: .get, path: path, headers: [.accept: "application/json, */*"])
        return try await target.response(to: outbound, for: request, deadline: .distantFuture, context: context).response
    }
}
