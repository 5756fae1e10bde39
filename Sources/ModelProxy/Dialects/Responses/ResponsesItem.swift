import HubCore
import NIOCore

/// One item of an answer of OpenAI's `/responses`, as far as it has come.
struct ResponsesItem: Sendable, Hashable {
    /// Stands before the signature of thoughts that the provider keeps to itself, as there is no other place to say so.
    static let redactedMark = "redacted:"

    enum Kind: Sendable, Hashable {
        case text, refusal, reasoning
        case call(id: String, name: String)
    }

    var kind: Kind
    /// Unlike that of any other item.
    var id: String
    /// Its text, thoughts or arguments.
    var text = ""
    var annotations: [ChatCitation] = []
    var logprobs: [ByteBuffer] = []
    /// Once it is over: an answer that breaks off leaves its last item incomplete.
    var status = "completed"
    /// What has to come back with thoughts.
    var secret: String?

    /// - Parameters:
    ///   - answerID: of the answer.
    ///   - place: among its items.
    init(_ kind: Kind, answerID: String, place: Int) {
        self.kind = kind
        let prefix =
            switch kind {
            case .text, .refusal: "msg"
            case .reasoning: "rs"
            case .call: "fc"
            }
        id = "\(prefix)_\(answerID)_\(place)"
    }

    /// The item without what it holds. A copy with it would share the text, which then were copied whole for each piece that it grows by.
    var bare: ResponsesItem { ResponsesItem(kind: kind, id: id) }

    private init(kind: Kind, id: String) { (self.kind, self.id) = (kind, id) }

    /// The item of a part of a whole answer; nil for what no event gives.
    init?(_ part: ChatPart, answerID: String, place: Int) {
        switch part {
        case .text(let text):
            self.init(.text, answerID: answerID, place: place)
            self.text = text
        case .refusal(let text):
            self.init(.refusal, answerID: answerID, place: place)
            self.text = text
        case .reasoning(let reasoning):
            self.init(.reasoning, answerID: answerID, place: place)
            self.text = reasoning.text
            if let signature = reasoning.signature { sign(signature, isRedacted: reasoning.isRedacted) }
        case .toolCall(let call):
            self.init(.call(id: CallID.join(call.id, call.signature), name: call.name), answerID: answerID, place: place)
            self.text = call.arguments
        case .image, .audio, .file, .toolResult, .foreign: return nil
        }
    }

    mutating func sign(_ signature: ReasoningSignature, isRedacted: Bool) {
        secret = (isRedacted ? Self.redactedMark : "") + signature.text
    }

    /// Writes the members of the item.
    ///
    /// - Parameter isOver: false for one that has just begun, and so holds nothing yet.
    func write(isOver: Bool, to json: inout JSONWriter) {
        let status = isOver ? status : nil
        json.member("id", id)
        switch kind {
        case .text, .refusal:
            json.member("type", "message")
            json.member("status", status ?? "in_progress")
            json.member("role", "assistant")
            json.array("content") { json in if status != nil { json.object { writePart(isEmpty: false, to: &$0) } } }
        case .reasoning:
            json.member("type", "reasoning")
            json.array("summary") { json in
                if status != nil, !text.isEmpty { json.object { writePart(isEmpty: false, to: &$0) } }
            }
            if status != nil { json.memberIfSet("encrypted_content", secret) }
        case .call(let id, let name):
            json.member("type", "function_call")
            json.member("status", status ?? "in_progress")
            json.member("call_id", id)
            json.member("name", name)
            json.member("arguments", status == nil ? "" : text)
        }
    }

    /// Writes the members of its one part.
    func writePart(isEmpty: Bool, to json: inout JSONWriter) {
        let text = isEmpty ? "" : text
        switch kind {
        case .text:
            json.member("type", "output_text")
            json.member("text", text)
            json.array("annotations") { json in
                if !isEmpty { for citation in annotations { json.object { Self.write(citation, to: &$0) } } }
            }
            json.array("logprobs") { json in if !isEmpty { for element in logprobs { json.raw(element) } } }
        case .refusal:
            json.member("type", "refusal")
            json.member("refusal", text)
        case .reasoning:
            json.member("type", "summary_text")
            json.member("text", text)
        case .call: break
        }
    }

    static func write(_ citation: ChatCitation, to json: inout JSONWriter) {
        json.member("type", "url_citation")
        json.member("start_index", citation.start)
        json.member("end_index", citation.end)
        json.member("url", citation.url)
        json.member("title", citation.title)
    }
}
