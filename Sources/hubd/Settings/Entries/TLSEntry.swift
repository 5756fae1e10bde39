/// One of `tls`, as written: a certificate of the public listener.
struct TLSEntry: Sendable, Hashable {
    /// The host names it is for.
    var names: [String]
    /// The file with the certificate and its chain.
    var certificate: Placed<String>
    /// The private key.
    var key: SecretReference
    /// The file with the authorities that callers' certificates must come from.
    var clientAuthorities: Placed<String>?

    /// The files it is made of, as the process can open them.
    var files: [String] {
        [certificate.value, key.scheme == .file ? key.name : nil, clientAuthorities?.value].compactMap { $0 }
    }
}
