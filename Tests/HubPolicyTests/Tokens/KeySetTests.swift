import HubCore
import NIOCore
import Testing

@testable import HubPolicy

@Suite struct KeySetTests {
    private func set(_ keys: String...) throws -> KeySet {
        try KeySet(parsing: ByteBuffer(string: #"{"keys":[\#(keys.joined(separator: ","))]}"#))
    }

    @Test("private members of a key are not looked at, and make no difference")
    func privateMembers() throws {
        let key = try TestSigner.jwk("e1")
        let both = try set(key, key.dropLast() + #","d":"AAAA"}"#)
        #expect(both.keys.count == 2)
        #expect(both.keys.first?.fingerprint == both.keys.last?.fingerprint)
    }

    @Test(
        "a key that cannot be used costs only itself, and is told to the operator",
        arguments: [
            (#"{"kty":"oct","k":"AAAA"}"#, "symmetric"), (#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "17 bits"),
            (#"{"kty":"RSA","e":"AQAB"}"#, "n is not there"), (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, "another length"),
            (#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#, "not known"), (#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, "not known"),
            (#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, "no Ed25519"), (#"{"kty":"AKP"}"#, "not known"), ("{}", "not known"),
            ("1", "no object"),
            (#"{"kty":"RSA","use":"enc"}"#, "not for signatures"), (#"{"kty":"RSA","use":1}"#, "not for signatures"),
            (#"{"kty":"RSA","key_ops":["sign"]}"#, "not for verifying"), (#"{"kty":"RSA","kid":1}"#, "kid"),
        ])
    func unusable(jwk: String, reason: String) throws {
        let keys = try set(jwk, try TestSigner.jwk("e1"))
        #expect(keys.keys.map(\.id) == ["e1"])
        #expect(keys.problems.count == 1)
        #expect(keys.problems.first?.contains(reason) == true, "\(keys.problems)")
    }

    @Test("an algorithm that does not fit its key makes the key unusable", arguments: ["RS256", "ES384", "HS256", "none", "ES257", ""])
    func misfit(algorithm: String) throws {
        let jwk = try TestSigner.jwk("e1").dropLast() + #","alg":"\#(algorithm)"}"#
        #expect(try set(String(jwk)).keys.isEmpty)
        #expect(try set(try TestSigner.jwk("e1").dropLast() + #","alg":"ES256"}"#).keys.first?.algorithms == [.es256])
    }

    @Test("a point that is not on its curve is no key")
    func offCurve() throws {
        let jwk = try TestSigner.jwk("e1").replacing(#""x":"A"#, with: #""x":"B"#)
        let x = Base64.encodeURLSafe([UInt8](repeating: 1, count: 32))
        let off = #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(x)"}"#
        #expect(try set(off).problems == ["key 1: a point that is not on its curve"])
        #expect(jwk.contains("P-256"))
    }

    @Test("RSA keys are odd, of 2048 to 8192 bits, with an exponent of at least 3")
    func rsa() throws {
        let modulus = { (bytes: Int, first: UInt8, last: UInt8) -> String in
            Base64.encodeURLSafe([first] + [UInt8](repeating: 0xFF, count: bytes - 2) + [last])
        }
        let key = { (n: String, e: String) in #"{"kty":"RSA","n":"\#(n)","e":"\#(e)"}"# }
        #expect(try set(key(modulus(256, 0x80, 0xFF), "Aw")).keys.count == 1)
        #expect(try set(key(modulus(1024, 0x80, 0xFF), "AQAB")).keys.count == 1)
        #expect(try set(key(modulus(257, 0x00, 0xFF), "AQAB")).keys.count == 1, "a zero before it")
        for wrong in [
            key(modulus(256, 0x7F, 0xFF), "AQAB"), key(modulus(1025, 0x01, 0xFF), "AQAB"), key(modulus(256, 0x80, 0xFE), "AQAB"),
            key(modulus(256, 0x80, 0xFF), "AQ"), key(modulus(256, 0x80, 0xFF), "Ag"), key(modulus(256, 0x80, 0xFF), "AAAA"),
            key(modulus(256, 0x80, 0xFF), "AQAAAAE"), key(modulus(256, 0x80, 0xFF), ""), key(modulus(60_000, 0x80, 0xFF), "AQAB"),
        ] where wrong.utf8.count < 60_000 {
            #expect(try set(wrong).keys.isEmpty, "\(wrong.suffix(20))")
        }
    }

    @Test(
        "what is no key set is an error",
        arguments: [
            "", "{}", "[]", #"{"keys":{}}"#, #"{"keys":[],"keys":[]}"#, #"{"keys":[}"#, #"{"keys":\#(String(repeating: "[", count: 40))"#,
        ])
    func malformed(text: String) {
        #expect(throws: KeyProblem.self) { try KeySet(parsing: ByteBuffer(string: text)) }
    }

    @Test("a set of up to 100 keys and 64 KiB is read, a larger one is not")
    func bounds() throws {
        let key = try TestSigner.jwk("e1")
        #expect(
            try KeySet(parsing: ByteBuffer(string: #"{"keys":[\#([String](repeating: key, count: 100).joined(separator: ","))]}"#)).keys
                .count == 100)
        #expect(throws: KeyProblem.self) {
            try KeySet(parsing: ByteBuffer(string: #"{"keys":[\#([String](repeating: key, count: 101).joined(separator: ","))]}"#))
        }
        let text = #"{"keys":[\#(key)]"#
        let space = String(repeating: " ", count: KeySet.maximumLength - text.utf8.count - 1)
        #expect(try KeySet(parsing: ByteBuffer(string: text + space + "}")).keys.count == 1)
        #expect(throws: KeyProblem.self) { try KeySet(parsing: ByteBuffer(string: text + space + " }")) }
    }

    @Test("a set cut off at any byte, or with any byte changed, is read or refused without a trap")
    func mutations() throws {
        let text = Array(#"{"keys":[\#(try ["e1", "d1"].map(TestSigner.jwk).joined(separator: ","))]}"#.utf8)
        var verdicts = 0
        for index in text.indices {
            #expect(throws: KeyProblem.self) { try KeySet(parsing: ByteBuffer(bytes: text.prefix(index))) }
            var changed = text
            changed[index] ^= 4
            let set = try? KeySet(parsing: ByteBuffer(bytes: changed))  // either is good
            #expect((set?.keys.count ?? 0) <= 2)
            verdicts += 1
        }
        #expect(verdicts == text.count)
    }

    // The numbers are those of `KeySet.key(id:algorithm:)`.
    @Test("a token gets the one key that is meant, or none")
    func choice() throws {
        let (e1, e384) = (try TestSigner.jwk("e1"), try TestSigner.jwk("e384"))
        let nameless = e1.replacing(#""kid":"e1","#, with: "")
        let choose = { (set: KeySet, id: String?, algorithm: TokenAlgorithm) -> String? in
            do throws(TokenProblem) { return try set.key(id: id, algorithm: algorithm).id ?? "nameless" } catch { return nil }
        }
        #expect(choose(try set(e1, e384), "e1", .es256) == "e1", "1")
        #expect(choose(try set(e1, e384), "e1", .es384) == nil, "1: it is not for that algorithm")
        #expect(choose(try set(e1), "e2", .es256) == nil, "1: another name may be that of a newer key")
        #expect(choose(try set(nameless), "e2", .es256) == "nameless", "2")
        #expect(choose(try set(nameless, e384), "e2", .es256) == nil, "2")
        #expect(choose(try set(e1, e384), nil, .es256) == "e1", "3")
        #expect(choose(try set(nameless, e1), nil, .es256) == nil, "3, 4")
        #expect(choose(try set(e1, e1), "e1", .es256) == nil, "4")
        #expect(choose(try set(), nil, .es256) == nil)
    }

    @Test(
        "a shared secret is at least as long as its hash, and for HMAC alone",
        arguments: [
            (31, TokenAlgorithm.hs256, false), (32, .hs256, true), (47, .hs384, false), (48, .hs384, true), (63, .hs512, false),
            (64, .hs512, true), (0, .hs256, false), (64, .rs256, false), (64, .edDSA, false),
        ])
    func secrets(length: Int, algorithm: TokenAlgorithm, isGood: Bool) {
        let secret = Secret(String(repeating: "s", count: length))
        let key = try? VerificationKey(secret: secret, algorithms: [algorithm])  // whether it throws is what is asked
        #expect((key != nil) == isGood)
    }
}

@Suite struct ClaimPathTests {
    private let claims = #"""
        {"azp":"bot","realm_access":{"roles":["a","b"]},"https://x.test/roles":["c"],"a":{"b.c":"whole","b":{"c":"deep"}},"a.b.d":"flat",
         "n":1,"mixed":["a",1],"null":null}
        """#

    @Test(
        "dots lead into objects, and a name that has the whole path goes first",
        arguments: [
            ("azp", ["bot"]), ("realm_access.roles", ["a", "b"]), ("https://x.test/roles", ["c"]), ("a.b.c", ["whole"]),
            ("a.b.d", ["flat"]),
            ("n", nil), ("mixed", nil), ("null", nil), ("realm_access", nil), ("azp.x", nil), ("nothing", nil), (".azp", nil),
            ("azp.", nil),
        ] as [(String, [String]?)])
    func values(path: String, expected: [String]?) throws {
        let root = try JSONDocument(parsing: claims, limits: .message).root
        #expect(try #require(ClaimPath(path)).value(in: root)?.stringList == expected)
    }

    @Test("an endless path is no path")
    func bounds() {
        #expect(ClaimPath("") == nil)
        #expect(ClaimPath(String(repeating: "a", count: 257)) == nil)
        #expect(ClaimPath([String](repeating: "a", count: 17).joined(separator: ".")) == nil)
        #expect(ClaimPath([String](repeating: "a", count: 16).joined(separator: ".")) != nil)
    }
}
