import HubCore
import NIOConcurrencyHelpers

/// The back ends in force by the scheme of what they keep: seen by all that read secrets, replaced when the configuration is.
final class BackendTable: Sendable {
    private struct State {
        var backends: [SecretReference.Scheme: any SecretBackend]
        /// What the configuration says of them; nil where there is none.
        var stores: SecretStores?
    }

    private let state: NIOLockedValueBox<State>

    /// A table with these back ends.
    init(_ backends: [SecretReference.Scheme: any SecretBackend] = [:]) {
        state = NIOLockedValueBox(State(backends: backends))
    }

    /// What keeps the secret that a reference names.
    ///
    /// - Throws: what is missing in the configuration, at the reference.
    func backend(for reference: SecretReference) throws(ConfigFinding) -> any SecretBackend {
        let state = state.withLockedValue { $0 }
        if let backend = state.backends[reference.scheme] { return backend }
        guard let stores = state.stores else { throw reference.notInThisVersion }
        throw stores.missing(for: reference)
            ?? reference.finding("\"\(reference.scheme.rawValue):\" cannot be asked: what opens it cannot be read")
    }

    /// Puts the back ends of a configuration in force.
    func replace(with backends: [SecretReference.Scheme: any SecretBackend], of stores: SecretStores) {
        state.withLockedValue { $0 = State(backends: backends, stores: stores) }
    }
}
