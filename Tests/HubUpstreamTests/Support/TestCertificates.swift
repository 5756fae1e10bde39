import NIOSSL

/// Certificates that exist for tests alone, valid from 2020 to 2120.
enum TestCertificates {
    /// An authority that nobody trusts.
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBXjCCAQWgAwIBAgIBATAKBggqhkjOPQQDAjAeMRwwGgYDVQQDDBNodWJkIHRl
        c3QgYXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAe
        MRwwGgYDVQQDDBNodWJkIHRlc3QgYXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZI
        zj0DAQcDQgAEIqLiuhXOtvONVCeIkzAu/hnVcwiTMYY1hb7lT1SyVIHGSS8Tk4jD
        XwLZJxb30lmiQqYbNjhQIdwmzocx+u4hsKMyMDAwDwYDVR0TAQH/BAUwAwEB/zAd
        BgNVHQ4EFgQU/NHBPXtoVs///DYfc9ls4Pk3pmYwCgYIKoZIzj0EAwIDRwAwRAIg
        Z4sAlCWijd3z/RcwfnQfR/auNT3Arl1c/5ZFbKVXz7UCIFNZW37/F7FqJSznmiyU
        VQfNwMjYeIrqHiTacwYz6ffy
        -----END CERTIFICATE-----
        """
    /// What it issued for `localhost`, and for no address.
    static let localhost = """
        -----BEGIN CERTIFICATE-----
        MIIBhzCCASygAwIBAgIBAjAKBggqhkjOPQQDAjAeMRwwGgYDVQQDDBNodWJkIHRl
        c3QgYXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAU
        MRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARl
        AYGz+lrOFzGZXd9wMzVYZZ9bNuampa1WI2cSiPWpIO0dgmLpcUuIk1nhn76xEABZ
        FJUVX70m6LBiJ6feQTIZo2MwYTAUBgNVHREEDTALgglsb2NhbGhvc3QwCQYDVR0T
        BAIwADAdBgNVHQ4EFgQUWDOMiuBpc+WVqsFJF5RjfwReom0wHwYDVR0jBBgwFoAU
        /NHBPXtoVs///DYfc9ls4Pk3pmYwCgYIKoZIzj0EAwIDSQAwRgIhANskPaWrstsY
        KcAq3UHBXds9wIJ6AsyYeBxS3nGbjn2rAiEA+lp5jvAi8jW4nHLNtl3havdEi0rl
        1GnpDHEqcfABNfU=
        -----END CERTIFICATE-----
        """
    /// The key of `localhost`: public, like everything here.
    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgL3N4+u9Z3tmPDyPw
        x2lmkyBUGXH+tMCU4dqpQPwJZaShRANCAARlAYGz+lrOFzGZXd9wMzVYZZ9bNuam
        pa1WI2cSiPWpIO0dgmLpcUuIk1nhn76xEABZFJUVX70m6LBiJ6feQTIZ
        -----END PRIVATE KEY-----
        """

    /// How a server for `localhost` speaks TLS.
    static func serverContext() throws -> NIOSSLContext {
        let certificate = try NIOSSLCertificate(bytes: Array(localhost.utf8), format: .pem)
        let key = try NIOSSLPrivateKey(bytes: Array(self.key.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: [.certificate(certificate)], privateKey: .privateKey(key)))
    }
}
