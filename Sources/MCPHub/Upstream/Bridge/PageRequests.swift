import HubCore
import NIOCore

/// The pages that a server of 2025-11-25 wants the user to open before it answers (`URLElicitationRequiredError`).
struct PageRequests {
    private struct Page {
        var url: JSONValue
        var message: JSONValue
        var id: JSONValue?
    }

    private let pages: [Page]
    private let explanation: String

    init(_ error: JSONRPCError) {
        explanation = error.message
        // Without readable data nothing can be asked, and the error is told as a text.
        let data = error.data.flatMap { try? JSONDocument(parsing: $0, limits: .message).root }
        pages = (data?["elicitations"]?.elements ?? .none).prefix(InputRequests.maximum).compactMap { page in
            guard let url = page["url"], url.kind == .string, let message = page["message"], message.kind == .string else { return nil }
            return Page(url: url, message: message, id: page["elicitationId"].flatMap { $0.kind == .string ? $0 : nil })
        }
    }

    /// Whether there is nothing to ask.
    var isEmpty: Bool { pages.isEmpty }

    /// A result of 2026-07-28 that asks the same.
    var result: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("resultType", "input_required")
        json.key("inputRequests")
        json.beginObject()
        for (index, page) in pages.enumerated() {
            json.key("page-\(index + 1)")
            json.beginObject()
            json.member("method", "elicitation/create")
            json.member("params", raw: parameters(page, includesID: false))
            json.endObject()
        }
        json.endObject()
        json.endObject()
        return json.buffer
    }

    /// Asks the client of the handshake eras; gives whether the user agreed to all.
    func areAccepted(by client: any CallClient) async throws -> Bool {
        for page in pages {
            let request = ClientRequest(method: "elicitation/create", params: parameters(page, includesID: true))
            guard try await client.ask(request)["action"]?.isString("accept") == true else { return false }
        }
        return true
    }

    /// The same in words, for who cannot be asked.
    var text: String {
        pages.reduce(explanation) { "\($0)\n\($1.message.string ?? ""): \($1.url.string ?? "")" }
    }

    private func parameters(_ page: Page, includesID: Bool) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("mode", "url")
        json.member("message", raw: page.message.rawBytes)
        json.member("url", raw: page.url.rawBytes)
        if includesID, let id = page.id { json.member("elicitationId", raw: id.rawBytes) }
        json.endObject()
        return json.buffer
    }
}
