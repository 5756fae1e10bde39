import HubCore
import HubUpstream
import NIOConcurrencyHelpers

/// The back ends in force by the scheme of what they keep: seen by all that read secrets, replaced when the configuration is.
final class BackendTable: Sendable {
    private struct State {
        var places: SecretPlaces
        /// What the configuration says of them; nil where there is none.
        var stores: SecretStores?
    }

    private let state: NIOLockedValueBox<State>

    /// A table with these back ends.
    init(_ backends: [SecretReference.Scheme: any SecretBackend] = [:], keys: AWSKeyService? = nil) {
        state = NIOLockedValueBox(State(places: SecretPlaces(backends: backends, keys: keys)))
    }

    /// What keeps the secret that a reference names, and which place that is.
    ///
    /// - Throws: what is missing in the configuration, at the reference.
    func backend(for reference: SecretReference) throws(ConfigFinding) -> (backend: any SecretBackend, place: SecretStores.PlaceID?) {
        let state = state.withLockedValue { $0 }
        if let backend = state.places.backends[reference.scheme] { return (backend, state.stores?.place(of: reference.scheme)) }
        throw Self.missing(reference, state.stores)
    }

    /// The place that references of a scheme name at present.
    func place(of scheme: SecretReference.Scheme) -> SecretStores.PlaceID? { state.withLockedValue { $0.stores?.place(of: scheme) } }

    /// What keeps the secret that a reference names, as long as that is at this place; nil where it is at another one, or nowhere.
    func backend(for reference: SecretReference, at place: SecretStores.PlaceID?) -> (any SecretBackend)? {
        let state = state.withLockedValue { $0 }
        return state.stores?.place(of: reference.scheme) == place ? state.places.backends[reference.scheme] : nil
    }

    /// What makes and opens the key that an `aws-kms:` reference names.
    ///
    /// - Throws: what is missing in the configuration, at the reference.
    func keyService(for reference: SecretReference) throws(ConfigFinding) -> AWSKeyService {
        let state = state.withLockedValue { $0 }
        if let keys = state.places.keys { return keys }
        throw Self.missing(reference, state.stores)
    }

    private static func missing(_ reference: SecretReference, _ stores: SecretStores?) -> ConfigFinding {
        guard let stores else { return reference.notInThisVersion }
        return stores.missing(for: reference)
            ?? reference.finding("\"\(reference.scheme.rawValue):\" cannot be asked: what opens it cannot be read")
    }

    /// Puts the back ends of a configuration in force.
    func replace(with places: SecretPlaces, of stores: SecretStores) {
        state.withLockedValue { $0 = State(places: places, stores: stores) }
    }
}
