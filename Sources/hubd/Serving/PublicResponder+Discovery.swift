import HTTPTypes
import HubCore
import HubServer

extension PublicResponder {
    /// Answers with the catalogue of the entries that the caller sees: without a credential the open ones, with one also those that it opens.
    func respondCatalogue(to request: InboundRequest, of snapshot: HubSnapshot, writer: any ResponseWriter) async throws {
        let discovery = snapshot.discovery
        var principal = Principal.anonymous
        // A browser's question shows no credential, and its answer is the same for all.
        if let authenticator = discovery.authenticator, !CORSRule.isPreflight(request.head) {
            switch await authenticator.authenticate(request) {
            case .caller(let caller): principal = caller
            case .refused(let refusal):
                let answer = AuthenticationAnswer(refusal: refusal)
                return try await writer.refuse(answer.status, answer.message, fields: answer.fields)
            }
        }
        let caching: PublicDocument.Caching = principal.credential != nil ? .own : discovery.authenticator != nil ? .asked : .open
        guard let base = discovery.address.base(for: request) else {
            return try await writer.refuse(.badRequest, "The host of the request is not one")
        }
        let now = Timekeeper.secondsSince1970
        let document = discovery.catalogue(at: base, of: snapshot) { key in
            guard let authenticator = snapshot.authenticators[key] else { return true }
            return authenticator.stillAccepts(principal, now: now)
        }
        try await writer.respond(document, to: request, caching: caching)
    }
}

extension ResponseWriter {
    /// Answers with a document.
    func respond(_ document: PublicDocument, to request: InboundRequest, caching: PublicDocument.Caching) async throws {
        guard let answer = document.answer(to: request.head, caching: caching) else {
            return try await refuse(.methodNotAllowed, "Only GET is served here", fields: [.allow: "GET, HEAD"])
        }
        try await respond(answer.head, body: answer.body)
    }
}
