public import HubCore

/// A service of a Model API: a provider, and the ways to it. A value of the configuration, as old as the snapshot.
public struct ModelService: Sendable {
    /// One way to the provider: an address, a credential, or both.
    public struct Member: Sendable {
        /// Its name, unique in the service and the same after a reload: what is known of its health hangs on it.
        public let name: String
        let target: any CallTarget

        /// A way.
        ///
        /// - Parameters:
        ///   - name: unique in the service; neither the credential nor an address that must not be logged.
        ///   - target: passes messages on. Their paths begin below the base path of the provider.
        public init(name: String, target: any CallTarget) {
            self.name = name
            self.target = target
        }
    }

    /// Its name, unique in the API: logs and records show it.
    public let name: String
    /// What its members reach.
    public let provider: ModelProvider
    /// The ways to it, used by turns.
    public let members: [Member]

    /// A service with several ways to it.
    public init(name: String, provider: ModelProvider, members: [Member]) {
        self.name = name
        self.provider = provider
        self.members = members
    }

    /// A service with one way to it.
    public init(name: String, provider: ModelProvider, target: any CallTarget) {
        self.init(name: name, provider: provider, members: [Member(name: "main", target: target)])
    }

    /// The names under which the health of its members is kept.
    func healthNames(in api: String) -> [String] { members.map { "\(api)/\(name)/\($0.name)" } }
}
