import Crypto
import HubCore
import NIOCore
import Testing

@testable import HubPolicy

/// One way to get a token wrong, and what is said of it.
struct WrongToken: Sendable, CustomTestStringConvertible {
    let name: String
    let kind: TokenProblem.Kind
    let edit: @Sendable (inout TestToken) -> Void

    init(_ name: String, _ kind: TokenProblem.Kind, _ edit: @escaping @Sendable (inout TestToken) -> Void) {
        self.name = name
        self.kind = kind
        self.edit = edit
    }

    var testDescription: String { name }

    private static func header(_ name: String, _ json: String?, _ kind: TokenProblem.Kind) -> WrongToken {
        WrongToken("\(name) \(json?.prefix(40) ?? "missing")", kind) { $0.header(name, json) }
    }

    private static func claim(_ name: String, _ json: String?, _ kind: TokenProblem.Kind) -> WrongToken {
        WrongToken("\(name) \(json?.prefix(40) ?? "missing")", kind) { $0.claim(name, json) }
    }

    private static func finish(
        _ name: String, _ kind: TokenProblem.Kind = .malformed, _ finish: @escaping @Sendable ([String]) -> String
    ) -> WrongToken {
        WrongToken(name, kind) { $0.finish = finish }
    }

    static let headers = [
        header("alg", #""none""#, .unsupported), header("alg", #""None""#, .unsupported), header("alg", #""es256""#, .unsupported),
        header("alg", #""ES256 ""#, .unsupported), header("alg", #""ES256K""#, .unsupported), header("alg", #""""#, .unsupported),
        header("alg", nil, .malformed), header("alg", "null", .malformed), header("alg", "256", .malformed),
        header("alg", #"["ES256"]"#, .malformed), header("alg", #""RS256""#, .unknownKey), header("alg", #""ES384""#, .unknownKey),
        header("alg", #""HS256""#, .unknownKey), header("kid", nil, .badSignature), header("kid", #""e384""#, .unknownKey),
        header("kid", #""E1""#, .unknownKey), header("kid", #""e1\u0000""#, .unknownKey), header("kid", #""""#, .unknownKey),
        header("kid", #""../../dev/null""#, .unknownKey), header("kid", "1", .malformed), header("kid", "null", .malformed),
        header("kid", "\"\(String(repeating: "k", count: 513))\"", .malformed), header("crit", #"["exp"]"#, .unsupported),
        header("crit", "[]", .unsupported), header("b64", "false", .unsupported), header("b64", "true", .unsupported),
        header("typ", #""logout+jwt""#, .unsupported), header("typ", #""dpop+jwt""#, .unsupported),
        header("typ", #""text/jwt""#, .unsupported),
        header("typ", "1", .malformed), WrongToken("alg twice", .malformed) { $0.header.append(("alg", #""ES256""#)) },
    ].map { wrong in
        // A token without `kid` is signed by somebody else here, so that there is something wrong with it.
        wrong.name == "kid missing"
            ? WrongToken(wrong.name, wrong.kind) {
                $0.header("kid", nil); $0.signer = .e1Other
            } : wrong
    }

    static let claims = [
        claim("iss", nil, .malformed), claim("iss", #"["https://issuer.test"]"#, .malformed),
        claim("iss", #""https://issuer.test/""#, .unknownIssuer), claim("iss", #""https://ISSUER.test""#, .unknownIssuer),
        claim("aud", nil, .wrongAudience), claim("aud", #""hub2""#, .wrongAudience), claim("aud", #""hu""#, .wrongAudience),
        claim("aud", #""HUB""#, .wrongAudience), claim("aud", "[]", .wrongAudience), claim("aud", #"["a","b"]"#, .wrongAudience),
        claim("aud", #"["hub",1]"#, .malformed), claim("aud", #"{"hub":1}"#, .malformed), claim("aud", "null", .malformed),
        claim("sub", nil, .malformed), claim("sub", "5", .malformed), claim("sub", #"["alice"]"#, .malformed),
        claim("exp", nil, .malformed), claim("exp", #""1795997400""#, .malformed), claim("exp", "null", .malformed),
        claim("exp", "-1", .malformed), claim("exp", "1e300", .malformed), claim("exp", "1e999", .malformed),
        claim("exp", String(repeating: "9", count: 400), .malformed), claim("exp", "253402300800", .malformed),
        claim("exp", "1795996740", .expired), claim("exp", "1795996740.9", .expired), claim("exp", "0", .expired),
        claim("nbf", "1795996861", .notYetValid), claim("nbf", "1795996860.5", .notYetValid), claim("nbf", #""now""#, .malformed),
        claim("iat", "1795996861", .notYetValid), claim("iat", "true", .malformed), claim("azp", "7", .malformed),
        claim("azp", #"["support-bot"]"#, .malformed), claim("realm_access", #"{"roles":[1]}"#, .malformed),
        claim("realm_access", #"{"roles":{"a":1}}"#, .malformed), claim("scope", "1", .malformed), claim("scope", #"["a",1]"#, .malformed),
        WrongToken("sub twice", .malformed) { $0.claims.append(("sub", #""admin""#)) },
        WrongToken("sub twice, once escaped", .malformed) { $0.claims.append((#"\u0073ub"#, #""admin""#)) },
        claim("deep", String(repeating: "[", count: 64) + String(repeating: "]", count: 64), .malformed),
        claim("wide", "[" + String(repeating: "1,", count: 2100) + "1]", .malformed),
        claim("lone", #""\ud800""#, .malformed), claim("long", "\"\(String(repeating: "x", count: 8192))\"", .malformed),
    ]

    static let signatures = [
        WrongToken("another key of the same name", .badSignature) { $0.signer = .e1Other },
        WrongToken("no signature", .badSignature) { $0.signer = .none },
        WrongToken("alg none and no signature", .unsupported) {
            $0.signer = .none; $0.header("alg", #""none""#)
        },
        WrongToken("the public key as an HMAC secret", .unknownKey) {
            $0.sign(by: .hmac(Array(TestSigner.p256.publicKey.x963Representation)), algorithm: "HS256", id: "e1")
        },
        WrongToken("the public key's PEM as an HMAC secret", .unknownKey) {
            $0.sign(by: .hmac(Array(TestSigner.p256.publicKey.pemRepresentation.utf8)), algorithm: "HS256", id: "e1")
        },
        WrongToken("an empty HMAC secret", .badSignature) { $0.sign(by: .hmac([]), algorithm: "HS256", id: "h1") },
        WrongToken("an HMAC of another hash", .badSignature) { $0.sign(by: .hs256, algorithm: "HS384", id: "h1") },
        WrongToken("PKCS #1 v1.5 as PSS", .badSignature) { $0.sign(by: .r1, algorithm: "PS256", id: "r1") },
        WrongToken("PSS as PKCS #1 v1.5", .badSignature) { $0.sign(by: .ps256, algorithm: "RS256", id: "r1") },
        WrongToken("a key that the token brings along", .unsupported) {
            $0.signer = .e1Other
            $0.header("jwk", #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#)
        },
        WrongToken("a signature of zeros", .badSignature) {
            $0.finish = { "\($0[0]).\($0[1]).\(Base64.encodeURLSafe([UInt8](repeating: 0, count: 64)))" }
        },
        WrongToken("a DER signature", .badSignature) { token in
            token.finish = { parts in
                let input = Array("\(parts[0]).\(parts[1])".utf8)
                let der = (try? TestSigner.p256.signature(for: input).derRepresentation).map { Array($0) } ?? []  // empty fails as well
                return "\(parts[0]).\(parts[1]).\(Base64.encodeURLSafe(der))"
            }
        },
    ]

    static let forms = [
        finish("no dots") { $0.joined() }, finish("two parts") { "\($0[0]).\($0[1])" },
        finish("four parts") { $0.joined(separator: ".") + "." },
        finish("five parts") { ($0 + ["a", "b"]).joined(separator: ".") }, finish("empty") { _ in "" },
        finish("two dots alone") { _ in ".." },
        finish("padding") { "\($0[0]).\($0[1]).\($0[2])==" }, finish("a space") { " " + $0.joined(separator: ".") },
        finish("a line feed") { $0.joined(separator: ".") + "\n" }, finish("a NUL") { $0.joined(separator: ".") + "\0" },
        finish("standard base64") { "\($0[0]).\($0[1]).+/\($0[2].dropFirst(2))" }, finish("not ASCII") { "\($0[0]).\($0[1]).é" },
        finish("JSON serialization") { #"{"protected":"\#($0[0])","payload":"\#($0[1])","signature":"\#($0[2])"}"# },
        finish("a header that is no JSON") { "\(Base64.encodeURLSafe(Array("ES256".utf8))).\($0[1]).\($0[2])" },
        finish("a header that is a list") { "\(Base64.encodeURLSafe(Array("[]".utf8))).\($0[1]).\($0[2])" },
        finish("claims that are a list") { "\($0[0]).\(Base64.encodeURLSafe(Array("[1]".utf8))).\($0[2])" },
        finish("claims that are text") { "\($0[0]).\(Base64.encodeURLSafe(Array("x".utf8))).\($0[2])" },
        finish("a short signature", .badSignature) { "\($0[0]).\($0[1]).AAAA" },
        finish("bits left over") { parts in
            // The last of 86 digits carries two bits more than 64 bytes have: each of the three other digits says the same bytes.
            let last = parts[2].last ?? "A"
            return "\(parts[0]).\(parts[1]).\(parts[2].dropLast())\(last == "A" ? "B" : last == "Q" ? "R" : last == "g" ? "h" : "x")"
        },
        finish("a megabyte") { "\($0[0]).\(String(repeating: "A", count: 1 << 20)).\($0[2])" },
        finish("a megabyte of dots") { _ in String(repeating: ".", count: 1 << 20) },
    ]
}

@Suite struct WrongTokenTests {
    @Test(
        "what is wrong with a token is told apart in the log, and each is refused, the second time too",
        arguments: WrongToken.headers + WrongToken.claims + WrongToken.signatures + WrongToken.forms)
    func refused(wrong: WrongToken) throws {
        let verifier = TokenVerifier(issuers: [.test(FixedKeys(try TestSigner.allKeys()))])
        let token = try TestToken(wrong.edit).text()
        for _ in 0..<2 {
            do throws(TokenProblem) {
                _ = try verifier.verify(token, now: TestToken.now)
                Issue.record("\(wrong.name) was taken")
            } catch {
                #expect(error.kind == wrong.kind, "\(error)")
            }
        }
    }

    @Test(
        "what may be said in other ways is taken",
        arguments: [
            { $0.header("typ", #""JWT""#) }, { $0.header("typ", #""at+jwt""#) }, { $0.header("typ", #""application/AT+JWT""#) },
            { $0.header("jku", #""https://evil.test/keys""#) }, { $0.header("kid", nil) }, { $0.claim("exp", "1.7959974e9") },
            { $0.claim("exp", "1795997400.75") }, { $0.claim("nbf", "0") }, { $0.claim("aud", #"["x","hub"]"#) }, { $0.claim("iat", nil) },
            { $0.claim("scope", nil) }, { $0.claim("azp", nil) }, { $0.claim("realm_access", nil) }, { $0.claim("sub", #""\u0061lice""#) },
        ] as [@Sendable (inout TestToken) -> Void])
    func taken(edit: @Sendable (inout TestToken) -> Void) throws {
        let verifier = TokenVerifier(issuers: [.test(FixedKeys(try TestSigner.allKeys()))])
        #expect(try verifier.verify(try TestToken(edit).text(), now: TestToken.now).subject == "alice")
    }

    @Test("a token cut off at any byte, or with any byte changed, is refused without a trap")
    func mutations() throws {
        let verifier = TokenVerifier(issuers: [.test(FixedKeys(try TestSigner.allKeys()))])
        let token = Array(try TestToken().text().utf8)
        var refused = 0
        for index in token.indices {
            var changed = token
            changed[index] ^= 1
            for text in [String(decoding: token.prefix(index), as: UTF8.self), String(decoding: changed, as: UTF8.self)] {
                do {
                    _ = try verifier.verify(text, now: TestToken.now)
                    Issue.record("taken at \(index)")
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused == token.count * 2)
    }
}
