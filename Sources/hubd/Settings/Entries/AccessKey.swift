import HubCore

/// Text, or where it is kept: identifiers need not be secret, and may be.
enum SettingText: Sendable, Hashable {
    case plain(String)
    case reference(SecretReference)

    /// The reference, where it is one.
    var reference: SecretReference? { if case .reference(let reference) = self { reference } else { nil } }
}

/// An access key of a cloud account; the secrets are still references.
struct AccessKey: Sendable, Hashable {
    /// Its identifier.
    var id: SettingText
    /// Its secret.
    var secret: SecretReference
    /// The token that belongs to a temporary key.
    var token: SecretReference?

    /// The references in it.
    var secrets: [SecretReference] { [id.reference, secret, token].compactMap { $0 } }
}
