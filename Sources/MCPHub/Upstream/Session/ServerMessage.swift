import HubCore
import NIOCore

/// One message of a server.
enum ServerMessage {
    /// The answer to the request of this id; nil where the server could not tell which.
    case answer(id: Int?, Result<JSONValue, JSONRPCError>)
    /// A question, or a `ping`.
    case request(id: JSONValue, method: String, params: JSONValue?)
    /// A notification.
    case notification(JSONRPCEnvelope)

    /// Reads a message, or the messages of a batch, which servers of 2025-03-26 and before may send.
    ///
    /// - Throws: `HubError` where any of it is none.
    static func read(_ bytes: ByteBuffer) throws(HubError) -> [ServerMessage] {
        let root: JSONValue
        do throws(JSONParseError) {
            root = try JSONDocument(parsing: bytes, limits: SessionLimits.message).root
        } catch {
            throw .noMCP(cause: error)
        }
        guard root.kind == .array else { return [try message(root)] }
        guard (1...SessionLimits.batch).contains(root.count) else { throw .noMCP() }
        var messages: [ServerMessage] = []
        for element in root.elements { messages.append(try message(element)) }
        return messages
    }

    private static func message(_ value: JSONValue) throws(HubError) -> ServerMessage {
        // An error that is about no message in particular has an id of null, of none, or of the server's own making.
        if value["method"] == nil, value["result"] == nil, let error = value["error"] {
            guard let error = JSONRPCError(server: error) else { throw .noMCP() }
            return .answer(id: value["id"]?.int, .failure(error))
        }
        let envelope: JSONRPCEnvelope
        do throws(JSONRPCError) {
            envelope = try JSONRPCEnvelope(value)
        } catch {
            throw .noMCP(cause: error)
        }
        switch envelope.kind {
        case .request(let id): return .request(id: id, method: envelope.method, params: envelope.params)
        case .notification: return .notification(envelope)
        case .response(let id):
            guard let result = value["result"], result.kind == .object, value["error"] == nil else { throw .noMCP() }
            // Ids of ours are integers: what answers any other answers nothing.
            guard let id = id.int else { return .answer(id: -1, .success(result)) }
            return .answer(id: id, .success(result))
        }
    }

    /// The error that a refusal carries, in a body that need not be a message at all.
    static func error(in body: ByteBuffer) -> JSONRPCError? {
        guard let messages = try? read(body), messages.count == 1, case .answer(_, .failure(let error)) = messages.first else { return nil }
        return error
    }
}

extension JSONRPCError {
    /// An error as a server sent it, cut to what may be passed on; nil where it is none.
    init?(server error: JSONValue) {
        guard error.kind == .object, let code = error["code"]?.int else { return nil }
        var text = ByteBuffer(string: error["message"]?.string ?? "")
        if text.readableBytes > SessionLimits.errorText {
            let end = TextCut.characterStart(in: text, upTo: SessionLimits.errorText)
            text = text.readSlice(length: end) ?? ByteBuffer()
        }
        self.init(Code(rawValue: code), String(buffer: text))
        if let data = error["data"], !data.isNull, data.range.count <= SessionLimits.errorData { self.data = data.rawBytes }
    }
}

extension JSONValue {
    /// The value as a document of its own.
    func detached() throws(HubError) -> JSONDocument {
        do throws(JSONParseError) {
            return try JSONDocument(parsing: rawBytes, limits: SessionLimits.message)
        } catch {
            throw .noMCP(cause: error)
        }
    }
}
