public import HubCore

/// Where a Vault or OpenBao is, and how the hub gets in.
public struct VaultSettings: Sendable, Hashable {
    /// How the hub gets in.
    public enum Login: Sendable, Hashable {
        /// With a token of its own, which is renewed where it can be.
        case token(Secret)
        /// With a role; `mount` is where the method is, by default `approle`.
        case appRole(roleID: Secret, secretID: Secret, mount: String)
    }

    /// Where it is; https but on this machine.
    public var address: HTTPAddress
    /// How the hub gets in.
    public var login: Login
    /// The namespace, where there are several.
    public var namespace: String?
    /// The mount of secrets whose names begin with it; of all others it is the first part of the name.
    public var mount: String?
    /// Who vouches for its certificate; nil means the system's authorities.
    public var authorities: CertificateAuthorities?

    /// A Vault.
    public init(
        address: HTTPAddress, login: Login, namespace: String? = nil, mount: String? = nil, authorities: CertificateAuthorities? = nil
    ) {
        self.address = address
        self.login = login
        self.namespace = namespace
        self.mount = mount
        self.authorities = authorities
    }

    /// The path of a secret in the key-value engine of version 2; nil for a name that is none.
    func path(of name: String) -> String? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        let mountParts = mount.map { $0.split(separator: "/") } ?? []
        let isBelowMount = !mountParts.isEmpty && parts.count > mountParts.count && parts.starts(with: mountParts)
        let count = isBelowMount ? mountParts.count : 1
        let encoded = parts.map { PercentEncoding.encode(String($0)) }
        return "/v1/" + (encoded[..<count] + ["data"] + encoded[count...]).joined(separator: "/")
    }
}
