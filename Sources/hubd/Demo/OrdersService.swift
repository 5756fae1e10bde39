import HTTPTypes
import HubCore
import HubServer
import NIOConcurrencyHelpers
import NIOCore

/// The "legacy" service of the demo: the orders of a small shop over plain REST, in memory. It knows nothing of MCP.
final class OrdersService: HTTPResponder {
    private struct Order {
        var id: Int
        var customer: String
        var item: String
        var quantity: Int
        var note: String?
        var status: String

        func write(to json: inout JSONWriter) {
            json.beginObject()
            json.member("id", id)
            json.member("customer", customer)
            json.member("item", item)
            json.member("quantity", quantity)
            if let note { json.member("note", note) }
            json.member("status", status)
            json.endObject()
        }
    }

    /// The demo runs for long on some machines: older orders go when there are more.
    private static let maximumOrders = 1000

    private let orders = NIOLockedValueBox<[Order]>([
        Order(id: 1001, customer: "ada", item: "Analytical engine, used", quantity: 1, note: "Leave at the back door", status: "shipped"),
        Order(id: 1002, customer: "grace", item: "Nanosecond of wire", quantity: 30, note: nil, status: "open"),
        Order(id: 1003, customer: "ada", item: "Punch cards, box of 500", quantity: 4, note: nil, status: "open"),
    ])

    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
        let parts = request.path.split(separator: "/")
        guard let first = parts.first, first == "orders", parts.count <= 2 else {
            return try await writer.refuse(.notFound, "no such resource")
        }
        let id = parts.count == 2 ? Int(parts[1]) : nil
        switch (request.head.method, parts.count, id) {
        case (.get, 1, _): try await list(query(of: request), writer)
        case (.post, 1, _): try await create(request.body, writer)
        case (.get, 2, let id?): try await answer(orders.withLockedValue { $0.first { $0.id == id } }, writer)
        case (.delete, 2, let id?): try await cancel(id, writer)
        case (.get, 2, nil), (.delete, 2, nil): try await writer.refuse(.badRequest, "the number of an order is an integer")
        default: try await writer.refuse(.methodNotAllowed, "not allowed here")
        }
    }

    private func list(_ query: [String: String], _ writer: any ResponseWriter) async throws {
        let limit = query["limit"].flatMap { Int($0) } ?? 20
        let found = orders.withLockedValue { orders in
            orders.reversed().filter {
                (query["customer"] == nil || $0.customer == query["customer"]) && (query["status"] == nil || $0.status == query["status"])
            }
        }
        var json = JSONWriter()
        json.beginArray()
        for order in found.prefix(max(0, limit)) { order.write(to: &json) }
        json.endArray()
        try await writer.respond(HTTPResponse(status: .ok, headerFields: [.contentType: "application/json"]), body: json.buffer)
    }

    private func create(_ body: ByteBuffer, _ writer: any ResponseWriter) async throws {
        guard let root = try? JSONDocument(parsing: body, limits: .message).root,  // answered as a bad request
            let customer = root["customer"]?.string, let item = root["item"]?.string, let quantity = root["quantity"]?.int,
            (1...1000).contains(quantity)
        else { return try await writer.refuse(.badRequest, "an order has a customer, an item and a quantity of 1 to 1000") }
        let order = orders.withLockedValue { orders in
            let id = (orders.last?.id ?? 1000) + 1
            let order = Order(id: id, customer: customer, item: item, quantity: quantity, note: root["note"]?.string, status: "open")
            orders.append(order)
            if orders.count > Self.maximumOrders { orders.removeFirst() }
            return order
        }
        try await answer(order, status: .created, writer)
    }

    private func cancel(_ id: Int, _ writer: any ResponseWriter) async throws {
        let (order, isDone) = orders.withLockedValue { orders in
            guard let index = orders.firstIndex(where: { $0.id == id }) else { return (nil as Order?, true) }
            guard orders[index].status == "open" else { return (orders[index], false) }
            orders[index].status = "cancelled"
            return (orders[index], true)
        }
        guard isDone else { return try await writer.refuse(.conflict, "the order is \(order?.status ?? "") already") }
        try await answer(order, writer)
    }

    private func answer(_ order: Order?, status: HTTPResponse.Status = .ok, _ writer: any ResponseWriter) async throws {
        guard let order else { return try await writer.refuse(.notFound, "no such order") }
        var json = JSONWriter()
        order.write(to: &json)
        try await writer.respond(HTTPResponse(status: status, headerFields: [.contentType: "application/json"]), body: json.buffer)
    }

    private func query(of request: InboundRequest) -> [String: String] {
        let text = (request.head.path ?? "").split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        let pairs = text.split(separator: "&").compactMap { pair -> (String, String)? in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = PercentEncoding.decode(String(parts[1])) else { return nil }
            return (String(parts[0]), value)
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}
