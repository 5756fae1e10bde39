import HubCore
import NIOCore

/// The envelope of a JSON-RPC message, and the answers written to it.
enum EnvelopeSubject: Subject {
    static let name = "envelope"

    static func check(_ input: ByteBuffer) {
        guard let document = try? JSONDocument(parsing: input, limits: .message) else { return }  // refused before there is an envelope
        do throws(JSONRPCError) {
            let envelope = try JSONRPCEnvelope(document.root)
            switch envelope.kind {
            case .request(let id):
                claim(!envelope.method.isEmpty || document.root["method"]?.string == "", "a request has a method")
                checkAnswers(to: id)
            case .notification: claim(document.root["id"] == nil, "a notification has no id")
            case .response: claim(envelope.method.isEmpty, "a response has no method")
            }
            claim(envelope.params?.kind ?? .object == .object, "parameters are an object")
        } catch {
            guard let answer = try? JSONDocument(parsing: error.bytes, limits: .message) else { fatalError("an error is a message") }
            claim(answer.root["error"]?["code"]?.int == error.code.rawValue, "an error has its code")
            claim(error.id.map { $0.rawBytes == answer.root["id"]?.rawBytes } ?? (answer.root["id"] == nil), "an error has the id, or none")
        }
    }

    private static func checkAnswers(to id: JSONValue) {
        var writer = JSONWriter()
        writer.jsonRPCResponse(id: id) { $0.null() }
        guard let answer = try? JSONDocument(parsing: writer.buffer, limits: .message), let envelope = try? JSONRPCEnvelope(answer.root),
            case .response(let answered) = envelope.kind
        else { fatalError("an answer is a response") }
        claim(answered.rawBytes == id.rawBytes, "an answer has the id of the request, byte for byte")
    }
}
