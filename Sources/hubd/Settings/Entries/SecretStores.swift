import HubCore

/// The places that keep secrets, as written under `secrets`.
struct SecretStores: Sendable, Hashable {
    /// A Vault or OpenBao.
    struct Vault: Sendable, Hashable {
        /// How the hub gets in.
        enum Login: Sendable, Hashable {
            case token(SecretReference)
            case appRole(roleID: SettingText, secretID: SecretReference, mount: String)
        }

        /// Where it is.
        var address: HTTPAddress
        /// How the hub gets in.
        var login: Login
        /// The namespace.
        var namespace: String?
        /// A mount of several parts.
        var mount: String?
        /// The file of the authorities that vouch for it.
        var authorities: Placed<String>?
    }

    /// A cloud's store of secrets.
    struct Cloud: Sendable, Hashable {
        /// Where it is written.
        var place: SourcePlace
        /// The region.
        var region: String
        /// Where it is, if not at the provider's own address.
        var endpoint: HTTPAddress?
        /// Where its service for keys is, if that is another one and not at the provider's own address.
        var keyEndpoint: HTTPAddress?
        /// The account that reads secrets.
        var key: AccessKey
    }

    /// `vault:`
    var vault: Vault?
    /// `aws-secrets:` and `aws-kms:`
    var aws: Cloud?
    /// `alibaba-kms:`
    var alibaba: Cloud?

    /// The references in it.
    var secrets: [SecretReference] {
        let login: [SecretReference] =
            switch vault?.login {
            case .token(let token): [token]
            case .appRole(let roleID, let secretID, _): [roleID.reference, secretID].compactMap { $0 }
            case nil: []
            }
        return login + (aws?.key.secrets ?? []) + (alibaba?.key.secrets ?? [])
    }

    /// Tells a place from every other one, whoever is let in there and wherever that is written.
    struct PlaceID: Sendable, Hashable {
        fileprivate var address: HTTPAddress?
        fileprivate var names: [String?]
    }

    /// The place that references of a scheme name; nil where none is written.
    func place(of scheme: SecretReference.Scheme) -> PlaceID? {
        switch scheme {
        case .vault: vault.map { PlaceID(address: $0.address, names: [$0.namespace, $0.mount]) }
        case .awsSecrets: aws.map { PlaceID(address: $0.endpoint, names: [$0.region]) }
        case .awsKMS: aws.map { PlaceID(address: $0.keyEndpoint, names: [$0.region]) }
        case .alibabaKMS: alibaba.map { PlaceID(address: $0.endpoint, names: [$0.region]) }
        case .environment, .file, .store: nil
        }
    }

    /// What opens the place that a reference names.
    func access(for scheme: SecretReference.Scheme) -> [SecretReference] {
        switch scheme {
        case .vault: SecretStores(vault: vault).secrets
        case .awsSecrets, .awsKMS: SecretStores(aws: aws).secrets
        case .alibabaKMS: SecretStores(alibaba: alibaba).secrets
        case .environment, .file, .store: []
        }
    }

    /// Why a reference cannot be read: nothing says how to reach its place, and what to write; nil where that is written.
    func missing(for reference: SecretReference) -> ConfigFinding? {
        let example: String
        switch reference.scheme {
        case .vault where vault == nil: example = "vault: { address: \"https://HOST:8200\", token: file:PATH }"
        case .awsSecrets where aws == nil, .awsKMS where aws == nil:
            example = "aws: { region: REGION, credential: { id: env:NAME, secret: env:NAME } }"
        case .alibabaKMS where alibaba == nil: example = "alibaba: { region: REGION, credential: { id: env:NAME, secret: env:NAME } }"
        case .environment, .file, .store, .vault, .awsSecrets, .awsKMS, .alibabaKMS: return nil
        }
        return ConfigFinding(
            severity: .error, message: "\"\(reference.scheme.rawValue):\" names a place that nothing says how to reach",
            hint: "add `secrets: { \(example) }`", place: reference.place)
    }
}
