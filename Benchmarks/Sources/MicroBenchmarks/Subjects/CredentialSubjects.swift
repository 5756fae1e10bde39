import Crypto
import CryptoExtras
import HTTPTypes
import HubCore
import HubPolicy
import NIOCore

/// What it costs to find out who calls.
enum CredentialSubjects {
    private static let now: Int64 = 1_795_996_800
    private static let issuer = "https://idp.example.com/realms/main"
    private static let tokens = 16

    static func groups() throws -> [BenchmarkGroup] { [try signedTokens(), try signedRequests()] }

    /// Tokens as an identity provider issues them; those that are checked anew find others remembered.
    private static func signedTokens() throws -> BenchmarkGroup {
        let (p256, ed25519) = (P256.Signing.PrivateKey(), Curve25519.Signing.PrivateKey())
        let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let keys = try keys(rsa.publicKey, p256.publicKey, ed25519.publicKey)
        let es256 = try tokens("ES256") { Array(try p256.signature(for: $0).rawRepresentation) }
        let rs256 = try tokens("RS256") {
            Array(try rsa.signature(for: SHA256.hash(data: $0), padding: .insecurePKCS1v1_5).rawRepresentation)
        }
        let edDSA = try tokens("EdDSA") { Array(try ed25519.signature(for: $0)) }
        let remembering = verifier(keys)
        return BenchmarkGroup(
            "a signed token of \(es256.first?.utf8.count ?? 0) bytes and more, time a token",
            [
                check("ES256, remembered", es256) { remembering },
                check("ES256", es256) { verifier(keys) }, check("RS256", rs256) { verifier(keys) },
                check("EdDSA", edDSA) { verifier(keys) },
            ])
    }

    private static func check(_ name: String, _ tokens: [String], _ verifier: @escaping @Sendable () -> TokenVerifier) -> Benchmark {
        Benchmark(name, operations: tokens.count) {
            let verifier = verifier()
            return try tokens.reduce(0) { $0 + (try verifier.verify($1, now: now).groups.count) }
        }
    }

    private static func verifier(_ keys: KeySet) -> TokenVerifier {
        TokenVerifier(issuers: [
            TokenIssuer(
                issuer: issuer, algorithms: [.rs256, .es256, .edDSA], audiences: ["hub"], consumerClaim: ClaimPath("azp"),
                groupsClaim: ClaimPath("realm_access.roles"), keys: FixedKeys(keys))
        ])
    }

    private static func keys(
        _ rsa: _RSA.Signing.PublicKey, _ p256: P256.Signing.PublicKey, _ ed25519: Curve25519.Signing.PublicKey
    ) throws -> KeySet {
        let primitives = try rsa.getKeyPrimitives()
        let (n, e) = (Base64.encodeURLSafe(Array(primitives.modulus)), Base64.encodeURLSafe(Array(primitives.publicExponent)))
        let point = Array(p256.rawRepresentation)
        let (x, y) = (Base64.encodeURLSafe(Array(point.prefix(32))), Base64.encodeURLSafe(Array(point.suffix(32))))
        let ed = Base64.encodeURLSafe(Array(ed25519.rawRepresentation))
        return try KeySet(
            parsing: ByteBuffer(
                string: #"""
                    {"keys":[{"kty":"RSA","kid":"RS256","n":"\#(n)","e":"\#(e)"},{"kty":"EC","kid":"ES256","crv":"P-256","x":"\#(x)","y":"\#(y)"},
                    {"kty":"OKP","kid":"EdDSA","crv":"Ed25519","x":"\#(ed)"}]}
                    """#))
    }

    private static func tokens(_ algorithm: String, sign: ([UInt8]) throws -> [UInt8]) throws -> [String] {
        try (0..<tokens).map { number in
            let header = #"{"alg":"\#(algorithm)","typ":"JWT","kid":"\#(algorithm)"}"#
            let claims = #"""
                {"exp":1795997400,"iat":1795996700,"jti":"5f1c2f0e-5a0b-4b37-9d6c-\#(100_000 + number)","iss":"\#(issuer)","aud":["hub","account"],
                "sub":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6","typ":"Bearer","azp":"support-bot","scope":"orders:read profile email",
                "realm_access":{"roles":["admins","offline_access"]},"resource_access":{"account":{"roles":["manage-account"]}}}
                """#
            let input = Base64.encodeURLSafe(Array(header.utf8)) + "." + Base64.encodeURLSafe(Array(claims.utf8))
            return input + "." + Base64.encodeURLSafe(try sign(Array(input.utf8)))
        }
    }

    /// Requests of 1 KB, signed as Kong's clients and those of the X-Ca form do.
    private static func signedRequests() throws -> BenchmarkGroup {
        let body = ByteBuffer(string: String(repeating: "x", count: 1024))
        let (kong, ca) = (kongRequests(body), caRequests(body))
        return BenchmarkGroup(
            "a signed request with a body of \(body.readableBytes) bytes, time a request",
            [check("Authorization: hmac", kong, body), check("X-Ca-Signature", ca, body)])
    }

    private static func check(_ name: String, _ heads: [HTTPRequest], _ body: ByteBuffer) -> Benchmark {
        Benchmark(name, operations: heads.count) {
            let verifier = SignatureVerifier(notBefore: 0, replays: ReplayGuard())
            for head in heads {
                guard let signed = try SignedRequest.detect(head) else { throw HubError(.invalidRequest, "not signed") }
                try verifier.verify(signed, head: head, body: body, secret: Secret("a secret"), now: now, instant: .now)
            }
            return heads.count
        }
    }

    private static func code(_ text: String) -> String {
        Base64.encode(Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: Array("a secret".utf8)))))
    }

    private static func head(_ fields: [(String, String)]) -> HTTPRequest {
        var head = HTTPRequest(method: .post, scheme: nil, authority: "hub.example.com", path: "/mcp/orders")
        for (name, value) in fields {
            if let name = HTTPField.Name(name) { head.headerFields.append(HTTPField(name: name, value: value)) }
        }
        return head
    }

    private static func kongRequests(_ body: ByteBuffer) -> [HTTPRequest] {
        let (date, digest) = ("Mon, 30 Nov 2026 00:00:00 GMT", Base64.encode(Array(SHA256.hash(data: Array(body.readableBytesView)))))
        return (0..<100).map { number in
            let code = code("date: \(date)\n@request-target: post /mcp/orders\nx-nonce: \(number)\ndigest: SHA-256=\(digest)")
            let names = "date @request-target x-nonce digest"
            let signature = #"hmac username="support-bot",algorithm="hmac-sha256",headers="\#(names)",signature="\#(code)""#
            return head([("date", date), ("x-nonce", "\(number)"), ("digest", "SHA-256=" + digest), ("authorization", signature)])
        }
    }

    private static func caRequests(_ body: ByteBuffer) -> [HTTPRequest] {
        let digest = Base64.encode(Array(Insecure.MD5.hash(data: Array(body.readableBytesView))))
        let type = "application/json"
        return (0..<100).map { number in
            let lines = "x-ca-key:support-bot\nx-ca-nonce:\(number)\nx-ca-timestamp:\(now)000\n"
            return head([
                ("accept", type), ("content-type", type), ("content-md5", digest), ("x-ca-key", "support-bot"), ("x-ca-nonce", "\(number)"),
                ("x-ca-timestamp", "\(now)000"), ("x-ca-signature-headers", "x-ca-key,x-ca-nonce,x-ca-timestamp"),
                ("x-ca-signature", code("POST\n\(type)\n\(digest)\n\(type)\n\n\(lines)/mcp/orders")),
            ])
        }
    }
}
