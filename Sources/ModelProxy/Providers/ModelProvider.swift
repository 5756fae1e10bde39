import HTTPTypes
import HubCore

/// A provider of models: what it speaks, and where it serves what. A value of the configuration; it holds no key and no address.
public struct ModelProvider: Sendable, Hashable {
    /// Its name, as records of usage show it.
    public var name: String
    /// The customary path below which all of it lives, for an address that has no path of its own.
    public let basePath: String
    /// How the key is shown.
    public let key: ModelKey
    /// What it calls its models.
    public let models: ModelMapping
    /// What it speaks.
    let dialect: ProviderDialect
    /// What else has to be known of it.
    let features: ProviderFeatures
    /// What every request says besides the key.
    let fields: HTTPFields
    /// What it serves in its own dialect, below the base path.
    private let paths: [ModelRoute: String]
    /// Where its paths begin with a deployment: the older form of Azure.
    private let deployments: AzureDeployments?

    /// A provider of a kind, with its customs.
    ///
    /// - Parameters:
    ///   - kind: whose customs.
    ///   - name: nil: that of the kind.
    ///   - deployment: Azure's name for what serves the model; nil: the model's name is one.
    ///   - apiVersion: Azure's version; nil and `v1` mean the form of OpenAI, a date the older one with deployments in the path.
    ///   - models: what it calls its models. A deployment goes before.
    public init(
        _ kind: ModelProviderKind, name: String? = nil, deployment: String? = nil, apiVersion: String? = nil,
        models: ModelMapping = ModelMapping()
    ) {
        let customs = ProviderCustoms(kind, apiVersion: apiVersion)
        self.name = name ?? kind.rawValue
        basePath = customs.basePath
        key = customs.key
        dialect = customs.dialect
        features = customs.features
        fields = customs.fields
        paths = customs.paths
        deployments = customs.deployments
        self.models = kind == .azure && deployment != nil ? ModelMapping(always: deployment) : models
    }

    /// Where it lists its models, with the query; nil where it does not.
    var listPath: String? {
        switch dialect {
        case .chat: paths[.models]
        case .messages: paths[.models].map { "\($0)?limit=1000" }
        case .gemini: "/models?pageSize=1000"
        case .ollama: "/api/tags"
        case .converse: nil
        }
    }

    /// Where a door of its own dialect leads, with the query; nil where it has none.
    ///
    /// - Parameter model: as the provider calls it.
    func path(_ route: ModelRoute, model: String) -> String? {
        guard let path = paths[route] else { return nil }
        guard let deployments else { return path }
        return deployments.path(path, deployment: model)
    }
}

/// The older form of Azure's addresses: `/deployments/{deployment}/…?api-version=…`.
struct AzureDeployments: Sendable, Hashable {
    /// A date, or a date and `-preview`.
    let apiVersion: String

    /// A path below the base; nil for a name that would mean another path.
    func path(_ path: String, deployment: String) -> String? {
        guard !deployment.isEmpty, deployment != ".", deployment != ".." else { return nil }
        return "/deployments/\(PercentEncoding.encode(deployment))\(path)?api-version=\(PercentEncoding.encode(apiVersion))"
    }
}
