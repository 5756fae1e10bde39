import HubCore

/// Who has a share of the calls that wait for their clients: a credential, or the address of a caller without one.
struct ParkedOwner: Sendable, Hashable {
    private let owner: SessionOwner
    /// Empty where there is a credential: it counts wherever it is used.
    private let address: String

    init(_ owner: SessionOwner, address: String?) {
        self.owner = owner
        self.address = owner.isAnonymous ? address ?? "" : ""
    }

    /// Whether nobody knows who it is.
    var isAnonymous: Bool { owner.isAnonymous }
}
