import HTTPTypes
import HubCore
import HubServer
import NIOCore

/// The older of the demo's services: the warehouse of the shop over SOAP 1.1, as `specs/demo/stock.wsdl` describes it. It knows no JSON.
struct StockService: HTTPResponder {
    private struct Stock {
        var item: String
        var pieces: Int
        var shelf: String?
    }

    private static let items = [
        Stock(item: "Analytical engine, used", pieces: 0, shelf: nil), Stock(item: "Nanosecond of wire", pieces: 11_800, shelf: "B-7"),
        Stock(item: "Punch cards, box of 500", pieces: 42, shelf: "A-1"),
    ]

    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
        guard request.path == "/stock" else { return try await writer.refuse(.notFound, "no such resource") }
        guard request.head.method == .post else { return try await writer.refuse(.methodNotAllowed, "SOAP is posted") }
        guard let item = Self.item(in: String(buffer: request.body)) else {
            return try await answer(writer, .internalServerError, Self.fault("the message has no item"))
        }
        guard let stock = Self.items.first(where: { $0.item.lowercased() == item.lowercased() }) else {
            return try await answer(writer, .internalServerError, Self.fault("there is no such item in the warehouse"))
        }
        let shelf = stock.shelf.map { "<shelf>\(Self.escaped($0))</shelf>" } ?? ""
        try await answer(
            writer, .ok,
            "<checkStockResponse xmlns=\"urn:shop:stock\"><item>\(Self.escaped(stock.item))</item><pieces>\(stock.pieces)</pieces>\(shelf)</checkStockResponse>"
        )
    }

    /// The text of the one element that this service knows, under whatever prefix. It reads no other XML than that of its own WSDL.
    private static func item(in text: String) -> String? {
        for part in text.split(separator: "<").dropFirst() {
            guard let end = part.firstIndex(of: ">") else { continue }
            let name = part[..<end].prefix { $0 != " " }
            guard !name.hasPrefix("/"), name.split(separator: ":").last == "item" else { continue }
            return String(part[part.index(after: end)...]).replacing("&lt;", with: "<").replacing("&gt;", with: ">")
                .replacing("&quot;", with: "\"").replacing("&apos;", with: "'").replacing("&amp;", with: "&")
        }
        return nil
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func fault(_ reason: String) -> String {
        "<s:Fault><faultcode>s:Client</faultcode><faultstring>\(escaped(reason))</faultstring></s:Fault>"
    }

    private func answer(_ writer: any ResponseWriter, _ status: HTTPResponse.Status, _ body: String) async throws {
        let envelope =
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\(body)</s:Body></s:Envelope>"
        try await writer.respond(
            HTTPResponse(status: status, headerFields: [.contentType: "text/xml; charset=utf-8"]), body: ByteBuffer(string: envelope))
    }
}
