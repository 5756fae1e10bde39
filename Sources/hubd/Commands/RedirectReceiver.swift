import HTTPTypes
import HubCore
import HubServer
import HubUpstream
import NIOConcurrencyHelpers
import NIOCore

/// Takes the answer of an authorization server: from a browser that is sent here, or from somebody who pastes where it was sent.
///
/// Anybody who reaches the port may try: what is no answer to the request that was made is refused, and waited on goes on.
final class RedirectReceiver: HTTPResponder {
    private let request = NIOLockedValueBox<AuthorizationRequest?>(nil)
    private let answers: AsyncStream<AuthorizationRequest.Answer>
    private let continuation: AsyncStream<AuthorizationRequest.Answer>.Continuation

    init() {
        (answers, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))  // the first answer counts
    }

    /// From now on answers to this request are taken.
    func expect(_ request: AuthorizationRequest) { self.request.withLockedValue { $0 = request } }

    /// The first answer; nil where none comes any more.
    func answer() async -> AuthorizationRequest.Answer? {
        for await answer in answers { return answer }
        return nil
    }

    /// Takes no more answers.
    func finish() { continuation.finish() }

    /// Reads what may be an answer, and takes it if it is.
    func take(_ query: some StringProtocol) -> AuthorizationRequest.Answer {
        guard let answer = request.withLockedValue({ $0?.read(query) }) else { return .foreign }
        if case .foreign = answer { return .foreign }
        continuation.yield(answer)
        return answer
    }

    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
        guard request.host == "127.0.0.1", request.path == "/callback" else {
            return try await writer.refuse(.notFound, "There is nothing here")
        }
        guard request.head.method == .get else { return try await writer.refuse(.methodNotAllowed, "Only GET is served here") }
        switch take((request.head.path ?? "").drop { $0 != "?" }) {
        case .code: try await answer(.ok, "hubd has the answer. The terminal says how it went; this page can be closed.", writer)
        case .refused: try await answer(.ok, "hubd has the answer, which is no. This page can be closed.", writer)
        case .otherIssuer, .foreign: try await answer(.badRequest, "hubd waits for another answer than this one.", writer)
        }
    }

    private func answer(_ status: HTTPResponse.Status, _ text: String, _ writer: any ResponseWriter) async throws {
        var fields: HTTPFields = [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff"]
        fields[.referrerPolicy] = "no-referrer"  // the address has the code in it
        try await writer.respond(HTTPResponse(status: status, headerFields: fields), body: ByteBuffer(string: text + "\n"))
    }

    /// The query of a pasted address; nil for an empty line. Somebody may paste the query alone.
    static func query(ofPasted line: String) -> Substring? {
        let text = line.drop { $0 == " " }.prefix { $0 != " " && $0 != "#" }
        guard !text.isEmpty else { return nil }
        return text.firstIndex(of: "?").map { text[$0...] } ?? text
    }
}

extension HTTPField.Name {
    // The literal is a token, so that the failable initialiser cannot fail.
    fileprivate static let referrerPolicy = HTTPField.Name("referrer-policy") ?? .via
}
