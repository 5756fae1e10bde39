import HTTPTypes
import HubCore
import NIOCore

extension OperationTarget {
    /// The pages of an answer put together, within the bounds and the time of one call; nil where there is nothing to put together.
    ///
    /// A page that cannot be had costs itself: what came before it stays, and a note says so.
    func fold(
        _ first: CallResponse, to outbound: OutboundRequest, for request: AnswerPlan.Request, deadline: NIODeadline, context: CallContext
    ) async throws -> CallResponse? {
        guard case .complete(let body) = first.body, var pages = answers.fold(first, body: body, for: request), pages.next != nil else {
            return nil
        }
        let links = NextLink(service.settings.addresses.map(\.address), basePath: basePath, publicAddress: publicAddress)
        var outbound = outbound
        while pages.wantsMore, let next = pages.next {
            do {
                switch next {
                case .arguments(let arguments): outbound = try encoder.encode(arguments)
                case .link(let link):
                    guard outbound.method == .get, let path = links.path(of: link, on: outbound.path) else {
                        pages.fail("is at another address, which is not followed")
                        continue
                    }
                    outbound.path = path
                }
                let (response, isOfItems) = try await response(to: outbound, for: request, deadline: deadline, context: context)
                guard response.status < 300 else {
                    pages.fail("failed with HTTP \(response.status)")
                    continue
                }
                guard !isOfItems, case .complete(let body) = response.body, let page = AnswerPlan.json(body, response) else {
                    pages.fail("is not JSON")
                    continue
                }
                pages.take(page, fields: response.fields)
            } catch let error as HubError {
                pages.fail("failed: \(error.message)")
            }
        }
        let (bytes, notes) = pages.result
        let folded = CallResponse(status: first.status, fields: first.fields, body: .complete(bytes))
        var shaped = answers.shape(folded, for: request, isProjected: true)
        // Of a first page that had to be cut, its own rest comes before the next page.
        if pages.pageCount > 1 || shaped.notes.isEmpty { shaped.notes += notes }
        return shaped
    }
}
