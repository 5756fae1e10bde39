import HubCore
import NIOCore

/// Asks a server for its lists, page by page, within bounds that hold for all of them together.
struct CatalogueLister {
    /// How much one server may list.
    struct Bounds {
        var pages = 1_000
        var items = 20_000
        var bytes = 64 << 20
        /// A cursor longer than this is none.
        var cursor = 64 << 10
    }

    let session: any UpstreamSession
    let deadline: NIODeadline
    /// What was listed before, which stands in for a list that is refused.
    var previous: Catalogue?
    var bounds = Bounds()

    /// What is left of the bounds.
    private struct Budget {
        var pages: Int
        var items: Int
        var bytes: Int
    }

    /// All lists that the server has.
    ///
    /// - Throws: `JSONRPCError` where its tools cannot be listed, `HubError`, `CancellationError`.
    func list() async throws -> Catalogue {
        var reader = CatalogueReader(session.greeting)
        var budget = Budget(pages: bounds.pages, items: bounds.items, bytes: bounds.bytes)
        for list in CatalogueReader.lists(of: session.greeting) {
            do {
                try await read(list, into: &reader, budget: &budget)
            } catch let error as JSONRPCError where list != .tools || error.code == .methodNotFound {
                reader.note("\(list.method) is refused: \(error.message.prefix(160)) (\(error.code.rawValue))")
                if error.code != .methodNotFound, let previous { reader.keep(list, of: previous) }
            }
        }
        return reader.result
    }

    private func read(_ list: CatalogueList, into reader: inout CatalogueReader, budget: inout Budget) async throws {
        var cursor: String?
        var cursors = Set<String>()
        repeat {
            guard budget.pages > 0 else { return reader.note("\(list.member) are cut: there are more than \(bounds.pages) pages") }
            budget.pages -= 1
            let page = try await session.request(request(list, cursor: cursor), handler: DeafHandler()).root
            let isComplete = page["resultType"].map { $0.isString("complete") } ?? true
            guard isComplete, let items = page[list.member], items.kind == .array else {
                throw HubError(.upstreamFailed, "The answer to \(list.method) makes no sense")
            }
            budget.bytes -= page.range.count
            guard budget.bytes >= 0 else { return reader.note("\(list.member) are cut: there are more than \(bounds.bytes) bytes") }
            for item in items.elements {
                guard budget.items > 0 else { return reader.note("\(list.member) are cut: there are more than \(bounds.items) items") }
                budget.items -= 1
                reader.take(item, of: list)
            }
            // An empty cursor is how some servers say that there is none.
            cursor = page["nextCursor"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            if let next = cursor, next.utf8.count > bounds.cursor || !cursors.insert(next).inserted {
                return reader.note("\(list.member) are cut: the cursors lead in a circle or are too long")
            }
        } while cursor != nil
    }

    private func request(_ list: CatalogueList, cursor: String?) -> SessionRequest {
        var request = SessionRequest(method: list.method, deadline: deadline)
        request.capabilities = .apps  // as in `initialize`: what clients cannot show they pass over
        if let cursor {
            var json = JSONWriter()
            json.beginObject()
            json.member("cursor", cursor)
            json.endObject()
            request.params = json.buffer
        }
        return request
    }
}

/// Takes no notice of what a server says while it lists, and answers none of its questions.
struct DeafHandler: SessionHandler {
    func notified(_ notification: JSONRPCEnvelope) {}

    func asked(_ request: ClientRequest) async throws(JSONRPCError) -> ByteBuffer {
        throw JSONRPCError(.methodNotFound, "Nobody is there to be asked")
    }
}
