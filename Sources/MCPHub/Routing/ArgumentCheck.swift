import HubCore
import NIOCore

/// Refuses a call whose arguments lack what the schema requires, or have what it does not know, before it is sent: in words that a model can
/// mend them by. For tools whose own server may say less.
struct ArgumentCheck: Policy {
    private let schema: ByteBuffer

    init(schema: ByteBuffer) { self.schema = schema }

    func apply(to call: Call, context: CallContext, next: Next) async throws -> CallResponse {
        if let problem = problem(call.arguments) { throw problem }
        return try await next(call, context)
    }

    private func problem(_ arguments: JSONValue?) -> HubError? {
        guard let document = try? JSONDocument(parsing: schema, limits: .description) else { return nil }  // says nothing, checks nothing
        let known = document.root["properties"]?.members.compactMap { $0.name.string } ?? []
        let given = arguments?.members.compactMap { $0.name.string } ?? []
        let missing = (document.root["required"]?.elements ?? JSONValue.Elements.none).compactMap(\.string).first { !given.contains($0) }
        let isClosed = document.root["additionalProperties"]?.bool == false
        if let surplus = given.first(where: { !known.contains($0) }), isClosed || missing != nil && !known.isEmpty {
            let near = NearestName.find(surplus, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
            return HubError(.invalidArguments, "there is no argument \"\(surplus.prefix(64))\"\(near)")
        }
        return missing.map { HubError(.invalidArguments, "argument \"\($0)\" is missing", argument: $0) }
    }
}
