import HubCore

/// One of `models`, as written.
struct ModelEntry: Sendable, Hashable {
    /// The name, which stands in the path.
    var name: String
    /// Where the entry stands.
    var place: SourcePlace
    /// The one service that answers.
    var service: ModelService
    /// Who may call.
    var auth: EntryAuth
}

/// A provider that a Model API uses, as written. It speaks OpenAI's protocol.
struct ModelService: Sendable, Hashable {
    /// Where a provider is.
    enum Location: Sendable, Hashable {
        /// An address of its own.
        case endpoint(HTTPAddress)
        /// An upstream of the configuration.
        case upstream(Placed<String>)
    }

    /// The name, one of the API's own.
    var name: String
    /// Where the entry stands.
    var place: SourcePlace
    /// Where the provider is.
    var location: Location
    /// The provider's key, sent as a bearer token.
    var key: SecretReference?
}
