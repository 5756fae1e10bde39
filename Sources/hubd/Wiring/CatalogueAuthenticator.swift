import HubCore
import HubPolicy

/// Finds out who asks for the catalogue: nobody has to say, and who says so falsely is refused.
struct CatalogueAuthenticator: Authenticator {
    /// Where credentials may stand.
    let places: CredentialPlaces
    /// Takes the credentials of every server.
    let base: EntryAuthenticator

    func authenticate(_ request: InboundRequest) async -> Authentication {
        if places.credential(in: request.head) == .none { return .caller(.anonymous) }
        return await base.authenticate(request)
    }

    func stillAccepts(_ principal: Principal, now: Int64) -> Bool {
        principal.credential == nil || base.stillAccepts(principal, now: now)
    }
}
