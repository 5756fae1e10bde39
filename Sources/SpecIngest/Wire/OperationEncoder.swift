import HTTPTypes
import HubCore
import NIOCore

/// Performs one operation of a description: arguments in, request out. Immutable, shared by all calls.
final class OperationEncoder: RequestEncoder {
    private let method: HTTPRequest.Method
    private let reader: ArgumentReader
    private let path: PathPlan
    private let query: [ParameterPlan]
    private let headers: [(field: HTTPField.Name, plan: ParameterPlan)]
    private let cookies: [ParameterPlan]
    private let body: BodyPlan?
    private let accept: String
    private let fixedHeaders: [(field: HTTPField.Name, value: String)]

    init(
        method: HTTPRequest.Method, slots: [ArgumentSlot], path: PathPlan, query: [ParameterPlan],
        headers: [(field: HTTPField.Name, plan: ParameterPlan)], cookies: [ParameterPlan], body: BodyPlan?, accept: String,
        fixedHeaders: [(field: HTTPField.Name, value: String)] = [], repairs: RepairPlan = .none
    ) {
        self.method = method
        self.reader = ArgumentReader(slots, repairs: repairs)
        self.path = path
        self.query = query
        self.headers = headers
        self.cookies = cookies
        self.body = body
        self.accept = accept
        self.fixedHeaders = fixedHeaders
    }

    func encode(_ arguments: JSONValue?) throws(HubError) -> OutboundRequest {
        let values = try reader.read(arguments)
        var target = try path.write(values, reader.slots)
        var query = path.query
        for plan in self.query {
            if let value = values[plan.slot] { ParameterWriter.appendQuery(plan, value, to: &query) }
        }
        if !query.isEmpty {
            target.append(UInt8(ascii: "?"))
            target.append(contentsOf: query)
        }
        var fields = HTTPFields()
        fields[.accept] = accept
        for (field, value) in fixedHeaders { fields[field] = value }
        for (field, plan) in headers {
            guard let value = values[plan.slot] else { continue }
            fields[field] = try HeaderRule.check(ParameterWriter.header(plan, value), argument: reader.slots[plan.slot].name)
        }
        // The subscript would make a field of each crumb, and HTTP/1 takes one `Cookie` (RFC 6265 §5.4).
        if let cookie = try cookieHeader(values) { fields.append(HTTPField(name: .cookie, value: cookie)) }
        guard let (bytes, mediaType) = try body?.write(values, reader.slots) else {
            return OutboundRequest(method: method, path: String(decoding: target, as: UTF8.self), headers: fields)
        }
        fields[.contentType] = mediaType
        return OutboundRequest(method: method, path: String(decoding: target, as: UTF8.self), headers: fields, body: bytes)
    }

    private init(_ other: OperationEncoder, body: BodyPlan) {
        method = other.method
        reader = other.reader
        path = other.path
        query = other.query
        headers = other.headers
        cookies = other.cookies
        self.body = body
        accept = other.accept
        fixedHeaders = other.fixedHeaders
    }

    /// The same for messages that carry a token; nil where the operation has none that could.
    func secured(by token: UsernameToken) -> OperationEncoder? {
        guard var body, case .message(let writer, let members) = body.content else { return nil }
        body.content = .message(writer.secured(by: token), members: members)
        return OperationEncoder(self, body: body)
    }

    private func cookieHeader(_ values: [JSONValue?]) throws(HubError) -> String? {
        var crumbs: [String] = []
        for plan in cookies {
            guard let value = values[plan.slot] else { continue }
            let name = reader.slots[plan.slot].name
            if plan.style == .cookie, JSONCompactor.text(value).utf8.contains(UInt8(ascii: ";")) {
                throw HubError(.invalidArguments, "argument \"\(name)\" must not contain \";\"")
            }
            crumbs.append(try HeaderRule.check(ParameterWriter.cookie(plan, value), argument: name))
        }
        return crumbs.isEmpty ? nil : crumbs.joined(separator: "; ")
    }
}
