import HubCore
import ModelProxy

/// One of `models`, as written.
struct ModelEntry: Sendable, Hashable {
    /// The name, which stands in the path.
    var name: String
    /// Where the entry stands.
    var place: SourcePlace
    /// The services that answer, in the order written.
    var services: [ModelServiceEntry]
    /// Which of them does, the first that matches; empty: the one there is.
    var routes: [ModelRouteEntry] = []
    /// What trying may cost.
    var limits = ModelLimits()
    /// How many tools a request is cut down to; nil: it is not.
    var toolLimit: Int?
    /// How long answers are kept to be given again, and whether to others too; nil: they are not.
    var cache: Cache?
    /// Who may call.
    var auth: EntryAuth

    /// How answers are kept.
    struct Cache: Sendable, Hashable {
        var lifetime: Duration
        var isShared: Bool
    }
}

/// A provider that a Model API uses, as written.
struct ModelServiceEntry: Sendable, Hashable {
    /// Where a provider is.
    enum Location: Sendable, Hashable {
        /// An address of its own.
        case endpoint(HTTPAddress)
        /// An upstream of the configuration.
        case upstream(Placed<String>)
    }

    /// How the provider lets the hub in.
    enum Credential: Sendable, Hashable {
        /// Keys that take turns, shown as is customary there.
        case keys([SecretReference])
        /// A cloud account that signs (AWS Signature Version 4).
        case account(AccessKey, region: String)
    }

    /// The name, one of the API's own.
    var name: String
    /// Where the entry stands.
    var place: SourcePlace
    /// Whose protocol it speaks.
    var kind: ModelProviderKind
    /// Where the provider is.
    var location: Location
    /// How it lets the hub in; nil: it asks for nothing, or the upstream's credential does it.
    var credential: Credential?
    /// Azure's name for what serves the models; nil: that of the model is one.
    var deployment: String?
    /// Azure's API version; nil is `v1`.
    var apiVersion: String?

    /// What it is to a Model API.
    var provider: ModelProvider { ModelProvider(kind, name: name, deployment: deployment, apiVersion: apiVersion) }

    /// The secrets of its own.
    var secrets: [SecretReference] {
        switch credential {
        case .keys(let keys): keys
        case .account(let key, _): key.secrets
        case nil: []
        }
    }
}

/// A route of a Model API, as written.
struct ModelRouteEntry: Sendable, Hashable {
    /// One service that may answer.
    struct Destination: Sendable, Hashable {
        /// The service.
        var service: String
        /// The model; nil: the one that the request names.
        var model: String?
        /// Its share of the requests.
        var weight = 1
    }

    /// Headers and the values they must have.
    var headers: [String: String] = [:]
    /// What the name of the model must fit.
    var model: String?
    /// Who answers, by weight.
    var destinations: [Destination]
    /// Who answers if they fail.
    var fallback: [Destination] = []
}
