public import HubCore
import Logging
import NIOCore

/// Cuts the tools of a request down to those that the last words of the user are about, so that a model reads and chooses among few.
///
/// 1. A request with no more tools than the limit, without words of a user, or that cannot be read, passes as it is.
/// 2. Kept are the tools that have been called in the conversation, those that the request's choice names, and those that a provider runs.
/// 3. The rest of the limit, but at least half of it, goes to the tools that suit the words best; where too few match, to the first in the list.
///
/// What is kept stays in its order, and no byte of it or of anything else changes, so that the caches of providers go on working.
public struct ToolSelection: Policy {
    private let limit: Int
    private let indexes = RecentToolIndexes()

    /// A request with more tools passes as it is: no provider takes so many, and to look through them costs time.
    static let maximumTools = 2_000
    /// How much of the user's words is looked at, half from their beginning and half from their end, in bytes.
    private static let maximumQueryBytes = 4 << 10

    /// - Parameter limit: how many tools are left, 1 at least; more where more have been called in the conversation.
    public init(limit: Int) { self.limit = max(1, limit) }

    /// Passes the request on with fewer tools.
    public func apply(to call: Call, context: CallContext, next: Next) async throws -> CallResponse {
        guard case .message(var message) = call.content, let route = ModelRoute(rawValue: message.path), let body = message.body,
            let cut = await cut(body, route)
        else { return try await next(call, context) }
        context.logger.debug("tools were left out", metadata: ["of": "\(cut.count)", "left": "\(cut.left)"])
        message.body = cut.body
        var call = call
        call.content = .message(message)
        return try await next(call, context)
    }

    /// Away from the loops of connections: to make an index of many tools takes a while.
    @concurrent
    private func cut(_ body: ByteBuffer, _ route: ModelRoute) async -> (body: ByteBuffer, count: Int, left: Int)? {
        // Whoever reads it next says what is wrong with it.
        guard let root = try? JSONDocument(parsing: body, limits: .message).root, let list = root["tools"], list.kind == .array,
            list.count > limit, list.count <= Self.maximumTools, let request = try? route.conversationRequest(root),
            request.tools.count == list.count, let query = Self.query(of: request)
        else { return nil }
        var kept = Self.needed(in: request)
        let places = max(limit - kept.count, (limit + 1) / 2)
        let others = request.tools.indices.filter { !kept.contains($0) }
        guard others.count > places else { return nil }
        let index = indexes.index(of: list)
        let rest = Set(others)
        let found = index.search(query, limit: places, among: index.visible { rest.contains($0) }).hits.map(\.tool)
        kept.formUnion(found)
        kept.formUnion(others.filter { !kept.contains($0) }.prefix(places - found.count))
        var json = JSONWriter()
        json.beginArray()
        for (place, tool) in list.elements.enumerated() where kept.contains(place) { json.value(tool) }
        json.endArray()
        return (root.document.replacing([(list, json.buffer)]), list.count, kept.count)
    }

    /// The places of the tools that may not be left out.
    private static func needed(in request: ChatRequest) -> Set<Int> {
        var names: Set<ExactText> = []
        for turn in request.turns {
            for case .toolCall(let call) in turn.parts { names.insert(ExactText(call.name)) }
        }
        switch request.toolChoice {
        case .tool(let name): names.insert(ExactText(name))
        case .allowed(let allowed, _): names.formUnion(allowed.map { ExactText($0) })
        case nil, .auto, .none?, .required: break
        }
        return Set(
            request.tools.indices.filter { place in
                switch request.tools[place] {
                case .function(let tool): names.contains(ExactText(tool.name))
                case .foreign: true
                }
            })
    }

    /// What the user said last; nil where that is no text.
    private static func query(of request: ChatRequest) -> String? {
        let texts = request.turns.reversed().lazy.filter { $0.role == .user }
            .map { turn in turn.parts.compactMap { if case .text(let text) = $0 { text } else { nil } } }
        guard let last = texts.first(where: { !$0.isEmpty })?.joined(separator: "\n") else { return nil }
        let (bytes, half) = (last.utf8, maximumQueryBytes / 2)
        guard bytes.count > maximumQueryBytes else { return last }
        return String(decoding: bytes.prefix(half), as: UTF8.self) + "\n" + String(decoding: bytes.suffix(half), as: UTF8.self)
    }
}

extension ModelRoute {
    /// The conversation that a request holds, also one that is only counted.
    fileprivate func conversationRequest(_ root: JSONValue) throws(RequestRefusal) -> ChatRequest? {
        self == .countTokens ? try MessagesRequestReader.read(root, mayLackMaximum: true) : try conversation?.read(root)
    }
}
