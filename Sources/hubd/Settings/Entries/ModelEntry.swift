import HubCore
import ModelProxy

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

/// A provider that a Model API uses, as written.
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
    /// Whose protocol it speaks.
    var kind: ModelProviderKind
    /// Where the provider is.
    var location: Location
    /// The provider's key, shown as is customary there.
    var key: SecretReference?
    /// Azure's name for what serves the models; nil: that of the model is one.
    var deployment: String?
    /// Azure's API version; nil is `v1`.
    var apiVersion: String?

    /// What it is to a Model API.
    var provider: ModelProvider { ModelProvider(kind, name: name, deployment: deployment, apiVersion: apiVersion) }
}
