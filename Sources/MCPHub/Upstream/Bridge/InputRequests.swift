import HubCore
import NIOCore

/// What a result of 2026-07-28 asks (`resultType: input_required`).
struct InputRequests {
    /// How many one result may ask.
    static let maximum = 32

    /// The questions, by the names that their answers have.
    let questions: [(name: String, request: ClientRequest)]
    /// What goes back as it came.
    let requestState: String?

    /// Reads a result; nil where it makes no sense.
    init?(_ result: JSONValue) {
        var questions: [(name: String, request: ClientRequest)] = []
        if let requests = result["inputRequests"], !requests.isNull {
            guard requests.kind == .object, requests.count <= Self.maximum else { return nil }
            for (name, request) in requests.members {
                guard let name = name.string, let method = request["method"]?.string else { return nil }
                let params = request["params"].flatMap { $0.isNull ? nil : $0 }
                guard params.map({ $0.kind == .object }) ?? true else { return nil }
                let bytes = params?.rawBytes ?? ByteBuffer(staticString: "{}")
                questions.append((name, ClientRequest(method: method, params: bytes)))
            }
        }
        let state = result["requestState"]
        guard state.map({ $0.kind == .string || $0.isNull }) ?? true, !questions.isEmpty || state?.string != nil else { return nil }
        self.questions = questions
        requestState = state?.string
    }

    /// What of it this client cannot do; nil where it can do all.
    func refusal(by capabilities: ClientCapabilities) -> JSONRPCError? {
        for question in questions {
            if let refusal = question.request.refusal(by: capabilities) { return refusal }
        }
        return nil
    }

    /// Asks one after the other; gives the value of `inputResponses`, nil where nothing is asked.
    func ask(_ client: any CallClient) async throws -> ByteBuffer? {
        guard !questions.isEmpty else { return nil }
        var json = JSONWriter()
        json.beginObject()
        for (name, request) in questions {
            let answer = try await client.ask(request)
            json.key(name)
            json.value(answer)
        }
        json.endObject()
        return json.buffer
    }
}
