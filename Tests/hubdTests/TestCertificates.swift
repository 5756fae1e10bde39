/// Two certificates of names that exist nowhere, good for a hundred years: made with `openssl req` and `openssl x509`, on P-256.
enum TestCertificates {
    static let a = (
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
        """
    )

    static let b = (
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
        """
    )
}
