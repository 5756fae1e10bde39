/// Certificates of names that exist nowhere, good for a hundred years, all from one authority: made with `openssl req` and `openssl x509`,
/// on P-256.
enum TestCertificates {
    /// Certificate and key.
    struct Pair: Sendable {
        var certificate: String
        var key: String
    }

    /// The authority.
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBcDCCARegAwIBAgIUUUNt+00mu9ge+Cjug03MHmZMlZ8wCgYIKoZIzj0EAwIw
        DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI1MDIyNDU0WhgPMjEyNjExMDEwMjI0NTRa
        MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEe8OF+W8
        8CqLJq37jlhfMaCp9Nh4oJ8a/HtikWTXieZzh0MBcaZlAKnjZYyqLNVaKyyxdo/t
        MDN8GSX2Cn7EAKNTMFEwHQYDVR0OBBYEFAZU9ypez8A4UjVv8teANdEJK+N2MB8G
        A1UdIwQYMBaAFAZU9ypez8A4UjVv8teANdEJK+N2MA8GA1UdEwEB/wQFMAMBAf8w
        CgYIKoZIzj0EAwIDRwAwRAIgTsAyGbGCIKexSGHn96lpkOiRXPui0APgThU0SVIc
        5U8CIGD9/KtgaVPDWY0Sf01qZVnkwWT2b2FDoPuv5AMpB2l9
        -----END CERTIFICATE-----
        """

    /// For `a.test` and `localhost`.
    static let a = Pair(
        certificate: """
            -----BEGIN CERTIFICATE-----
            MIIBhDCCASmgAwIBAgIUE4ninm8idWuM5R3walBfKDK5eFMwCgYIKoZIzj0EAwIw
            DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI1MDIyNDU0WhgPMjEyNjExMDEwMjI0NTRa
            MAwxCjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ88OW/R6yR
            HN12mhiJq7GyZOxjplIPCXXHrPHH0T5/7jnJ+eY1J2Q8jQ7kj5AQ6GL1qAY5dDmU
            69hQgP1uG0Wqo2YwZDAiBgNVHREEGzAZggZhLnRlc3SCCWxvY2FsaG9zdIcEfwAA
            ATAdBgNVHQ4EFgQUwUSMBLpF8VuIkUXgX5ZkHgqiDUwwHwYDVR0jBBgwFoAUBlT3
            Kl7PwDhSNW/y14A10Qkr43YwCgYIKoZIzj0EAwIDSQAwRgIhAK9PMS9SWUyJknjx
            J30QpYDPswY78LygyEsdePalkXRPAiEAyoyJr29GeogQzIZzyoRtywbqhZ/1CUyb
            rQ1Fi4ohACA=
            -----END CERTIFICATE-----
            """,
        key: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHZx7mZBOPY8zeClJ
            24YE7tEv9H6Q3XwYsvhsYaD5RvOhRANCAAQ88OW/R6yRHN12mhiJq7GyZOxjplIP
            CXXHrPHH0T5/7jnJ+eY1J2Q8jQ7kj5AQ6GL1qAY5dDmU69hQgP1uG0Wq
            -----END PRIVATE KEY-----
            """)

    /// For `b.test` and `*.b.test`.
    static let b = Pair(
        certificate: """
            -----BEGIN CERTIFICATE-----
            MIIBfDCCASKgAwIBAgIUE4ninm8idWuM5R3walBfKDK5eFQwCgYIKoZIzj0EAwIw
            DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI1MDIyNDU0WhgPMjEyNjExMDEwMjI0NTRa
            MAwxCjAIBgNVBAMMAWIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASBesZUyI7M
            eB/4SoPh2nCHqxfs0/eewxI/SzPglLn/Lt4ZzR50fMkOGJf5oglqVA4gujk22DUj
            Kp3njE2Edc5wo18wXTAbBgNVHREEFDASggZiLnRlc3SCCCouYi50ZXN0MB0GA1Ud
            DgQWBBTpJJVlgzNM9HbNiW6a6dn48S7i6DAfBgNVHSMEGDAWgBQGVPcqXs/AOFI1
            b/LXgDXRCSvjdjAKBggqhkjOPQQDAgNIADBFAiEAgY+9sHovsbLk7JXXITHViU4l
            hb4p8P6e4z661zQNa2sCICPzAiF78gMlh+6gkvSkh7XnK342Wj2N1WCn99wyMPR0
            -----END CERTIFICATE-----
            """,
        key: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBxgZoChn25QuOq3N
            GHoalO9zGfRHqTix/MVBBpVMsuehRANCAASBesZUyI7MeB/4SoPh2nCHqxfs0/ee
            wxI/SzPglLn/Lt4ZzR50fMkOGJf5oglqVA4gujk22DUjKp3njE2Edc5w
            -----END PRIVATE KEY-----
            """)

    /// A caller's.
    static let client = Pair(
        certificate: """
            -----BEGIN CERTIFICATE-----
            MIIBdjCCAR2gAwIBAgIUE4ninm8idWuM5R3walBfKDK5eFYwCgYIKoZIzj0EAwIw
            DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI1MDIyNDU0WhgPMjEyNjExMDEwMjI0NTRa
            MBExDzANBgNVBAMMBmNsaWVudDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJT7
            mqPN4w/sFipgSo0rGKrVtELvc3UtxUQCkxZRfMA51QR4UDUAAcMlHA2PaDJwV05z
            WinjzU/XIHRmSwVV8z2jVTBTMBEGA1UdEQQKMAiCBmNsaWVudDAdBgNVHQ4EFgQU
            50/Avn8kR3lSHRfuebgMLMHYF7EwHwYDVR0jBBgwFoAUBlT3Kl7PwDhSNW/y14A1
            0Qkr43YwCgYIKoZIzj0EAwIDRwAwRAIgD9q4yZpfHYiaXMnwIYfPciw4dUqBVg73
            4mKxKL8xzwUCIBxXCK7+Wv+qva8KqagT3OTltdrvFpsNH629LMpT6bDB
            -----END CERTIFICATE-----
            """,
        key: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXKICU4ABEwOpzsJh
            AMh0cDiQyaLWjTTSyhEQEbHDPxahRANCAASU+5qjzeMP7BYqYEqNKxiq1bRC73N1
            LcVEApMWUXzAOdUEeFA1AAHDJRwNj2gycFdOc1op481P1yB0ZksFVfM9
            -----END PRIVATE KEY-----
            """)
}
