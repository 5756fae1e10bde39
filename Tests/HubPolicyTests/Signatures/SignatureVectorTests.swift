import Crypto
import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import HubPolicy

/// Signatures that the forms' own projects print.
@Suite struct SignatureVectorTests {
    private func head(_ method: HTTPRequest.Method, _ target: String, _ fields: [(String, String)]) -> HTTPRequest {
        var head = HTTPRequest(method: method, scheme: nil, authority: "hub.test", path: target)
        for (name, value) in fields {
            guard let name = HTTPField.Name(name) else { continue }
            head.headerFields.append(HTTPField(name: name, value: value))
        }
        return head
    }

    // Higress, plugins/wasm-cpp/extensions/hmac_auth/plugin_test.cc.
    @Test(
        "Higress' requests with X-Ca fields",
        arguments: [
            (
                HTTPRequest.Method.get, "/Third/Tools/checkSign",
                [("content-type", "application/json"), ("x-ca-nonce", "787dd0c2-7bd8-41cd-9c19-62c05ea524a2")], "", 1_646_365_291_734,
                "EdJSFAMOWyXZOpXhevZnjuS0ZafnwnCqaSk5hz+tXo8="
            ),
            (
                .post, "/Third/User/getNyAccessToken",
                [("content-type", "application/x-www-form-urlencoded"), ("x-ca-nonce", "ca5a6753-b76c-4fff-a9d9-e5bb643e8cdf")],
                "nickname=nickname&room_id=6893&uuid=uuid&photo=photo", 1_646_646_682_418, "gmf9xq0hc95Hmt+7G+OocS009ka3v1v0rvfshKzYc3w="
            ),
        ])
    func higress(
        method: HTTPRequest.Method, target: String, fields: [(String, String)], body: String, milliseconds: Int64, signature: String
    ) {
        let own = [
            ("accept", "application/json"), ("x-ca-key", "appKey"), ("x-ca-timestamp", "\(milliseconds)"), ("x-ca-signature", signature),
            ("x-ca-signature-headers", "x-ca-key,x-ca-nonce,x-ca-timestamp"),
        ]
        let head = head(method, target, fields + own)
        #expect(SignatureVerifier.test().problem(head, body, secret: Secret("appSecret"), now: milliseconds / 1000) == nil)
    }

    @Test("Higress' request without a date is of its text, and refused for want of one")
    func higressWithoutDate() throws {
        let head = head(
            .get, "/Third/Tools/checkSign",
            [("accept", "application/json"), ("x-ca-key", "appKey"), ("x-ca-signature", "ZpJhkHdtjLTJiR6CJWHL8ikLtPB2z6CoztG21wG3PT4=")])
        let signed = try #require(try SignedRequest.detect(head))
        let texts = try CAFieldsText.candidates(signed, head, ByteBuffer())
        let key = SymmetricKey(data: Array("appSecret".utf8))
        #expect(texts.contains { signed.algorithm.isValid(signed.signature, for: $0, by: key) })
        #expect(SignatureVerifier.test().problem(head, "", secret: Secret("appSecret")) == .unsigned)
    }

    // Higress, plugins/wasm-go/extensions/hmac-auth-apisix/README_EN.md: its bodies are not signed, so they are left out here.
    @Test(
        "Higress' requests with APISIX' scheme",
        arguments: [
            ("@request-target date", "Fri, 12 Sep 2025 23:53:18 GMT", "746z4VISwZehUwZdzTV486ZMMbBtakmMHKPfs/A4RdU="),
            (
                "@request-target date x-custom-header-a x-custom-header-b", "Sat, 13 Sep 2025 00:04:34 GMT",
                "KoOlbkDIR/JzlKK47eURewnIpmhpkQU+KIyBUhqVfmo="
            ),
        ])
    func apisix(names: String, date: String, signature: String) throws {
        let parameters = #"Signature keyId="consumer1-key",algorithm="hmac-sha256",headers="\#(names)",signature="\#(signature)""#
        let head = head(
            .post, "/foo",
            [("authorization", parameters), ("date", date), ("x-custom-header-a", "test1"), ("x-custom-header-b", "test2")])
        let secret = Secret("2bda943c-ba2b-11ec-ba07-00163e1250b5")
        let now = try #require(HTTPDate.parse(date))
        #expect(SignatureVerifier.test().problem(head, "", secret: secret, now: now) == nil)
        #expect(SignatureVerifier.test().problem(head, "{}", secret: secret, now: now) == .unsigned)
    }

    // Kong's documentation of hmac-auth.
    @Test("Kong's request")
    func kong() throws {
        let date = "Thu, 22 Jun 2017 17:15:21 GMT"
        let signature = "ujWCGHeec9Xd6UD2zlyxiNMCiXnDOWeVFMu5VeRUxtw="
        let parameters = #"hmac username="alice123", algorithm="hmac-sha256", headers="date request-line", signature="\#(signature)""#
        let now = try #require(HTTPDate.parse(date))
        for name in ["authorization", "proxy-authorization"] {
            let head = head(.get, "/requests", [("date", date), (name, parameters)])
            #expect(SignatureVerifier.test().problem(head, "", secret: Secret("secret"), now: now) == nil)
            #expect(SignatureVerifier.test().problem(head, "", secret: Secret("Secret"), now: now) == .badSignature)
        }
    }

    /// Of the 174 vectors half have tags of 128 bits, which none of the forms has: they are refused.
    @Test("Wycheproof's codes of HMAC-SHA-256 get their verdicts", .enabled(if: Corpus.folder != nil, "HUBD_CORPORA is not set"))
    func wycheproof() throws {
        let file = try #require(Corpus.json("crypto/wycheproof/hmac_sha256_test.json"))
        var verdicts = 0
        for group in try #require(file["testGroups"]).elements {
            for test in try #require(group["tests"]).elements {
                let bytes = try ["key", "msg", "tag"].map { try hexadecimal(try #require(test[$0]?.string)) }
                let isValid = SignatureAlgorithm.sha256.isValid(bytes[2], for: bytes[1], by: SymmetricKey(data: bytes[0]))
                #expect(isValid == (test["result"]?.isString("valid") == true && bytes[2].count == 32))
                verdicts += 1
            }
        }
        #expect(verdicts == 174)
    }

    private func hexadecimal(_ text: String) throws -> [UInt8] {
        let digits = try text.map { try #require($0.hexDigitValue) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
