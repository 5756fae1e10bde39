import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import HubPolicy

@Suite struct SignatureVerifierTests {
    @Test("a signed request is taken once, and never again", arguments: SignedRequest.Form.allCases)
    func replay(form: SignedRequest.Form) throws {
        let verifier = SignatureVerifier.test()
        let request = TestRequest(form) { $0.sign() }
        #expect(try SignedRequest.detect(request.head)?.form == form)
        #expect(try SignedRequest.detect(request.head)?.key == "support-bot")
        #expect(verifier.problem(request) == nil)
        #expect(verifier.problem(request) == .replayed)
        #expect(verifier.problem(request, now: TestRequest.now + 300) == .replayed)
        #expect(verifier.problem(request, now: TestRequest.now + 301) == .outsideWindow)
    }

    @Test("a request that was refused is not remembered", arguments: SignedRequest.Form.allCases)
    func refusedFirst(form: SignedRequest.Form) {
        let verifier = SignatureVerifier.test()
        let request = TestRequest(form) { $0.sign() }
        #expect(verifier.problem(request.head, "another body") == .badDigest)
        #expect(verifier.problem(request, secret: Secret("another")) == .badSignature)
        #expect(verifier.problem(request) == nil)
    }

    @Test("whoever has no key, an empty secret or another secret is refused", arguments: SignedRequest.Form.allCases)
    func secrets(form: SignedRequest.Form) {
        let request = TestRequest(form) { $0.sign() }
        #expect(SignatureVerifier.test().problem(request, secret: nil) == .unknownKey)
        #expect(SignatureVerifier.test().problem(TestRequest(form) { $0.sign(Secret("")) }, secret: Secret("")) == .unknownKey)
        #expect(SignatureVerifier.test().problem(TestRequest(form) { $0.sign(Secret("nobody's secret")) }, secret: nil) == .unknownKey)
        #expect(SignatureVerifier.test().problem(request, secret: Secret("a secreT")) == .badSignature)
    }

    @Test(
        "a request is good for the skew before and after it was signed",
        arguments: SignedRequest.Form.allCases,
        [(-301, .outsideWindow), (-300, nil), (300, nil), (301, .outsideWindow)]
            as [(Int64, SignatureProblem.Kind?)])
    func skew(form: SignedRequest.Form, time: (offset: Int64, expected: SignatureProblem.Kind?)) {
        let request = TestRequest(form) { $0.sign() }
        #expect(SignatureVerifier.test().problem(request, now: TestRequest.now + time.offset) == time.expected)
    }

    @Test(
        "what was signed before the hub was there to see it is refused: it may have been sent before",
        arguments: SignedRequest.Form.allCases)
    func restart(form: SignedRequest.Form) {
        let request = TestRequest(form) { $0.sign() }
        #expect(SignatureVerifier.test(notBefore: TestRequest.now + 1).problem(request, now: TestRequest.now + 5) == .outsideWindow)
        #expect(SignatureVerifier.test(notBefore: TestRequest.now).problem(request, now: TestRequest.now + 5) == nil)
    }

    @Test(
        "SHA-1 is taken where it is allowed, the longer hashes of a form always",
        arguments: [
            (.caFields, .sha1, true, nil), (.caFields, .sha1, false, .unsupported), (.caFields, .sha512, true, .unsupported),
            (.signatureScheme, .sha1, true, nil), (.signatureScheme, .sha1, false, .unsupported), (.signatureScheme, .sha512, false, nil),
            (.signatureScheme, .sha384, true, .unsupported), (.hmacScheme, .sha1, true, nil), (.hmacScheme, .sha1, false, .unsupported),
            (.hmacScheme, .sha384, false, nil), (.hmacScheme, .sha512, false, nil),
        ] as [(SignedRequest.Form, SignatureAlgorithm, Bool, SignatureProblem.Kind?)])
    func algorithms(form: SignedRequest.Form, algorithm: SignatureAlgorithm, allowsSHA1: Bool, expected: SignatureProblem.Kind?) {
        let request = TestRequest(form) {
            $0.algorithm = algorithm
            $0.sign()
        }
        #expect(SignatureVerifier.test(allowsSHA1: allowsSHA1).problem(request) == expected)
    }

    @Test("a request without a body needs no digest", arguments: SignedRequest.Form.allCases)
    func withoutBody(form: SignedRequest.Form) {
        let request = TestRequest(form) {
            $0.method = "GET"
            $0.body = ""
            $0.field("content-md5", nil)
            $0.field("digest", nil)
            $0.names.removeAll { $0 == "digest" }
            $0.sign()
        }
        #expect(SignatureVerifier.test().problem(request) == nil)
        #expect(SignatureVerifier.test().problem(request.head, "{}") == .unsigned)
    }

    @Test("two requests of one second are two when something tells them apart", arguments: SignedRequest.Form.allCases)
    func sameSecond(form: SignedRequest.Form) {
        let verifier = SignatureVerifier.test()
        for number in 0..<3 {
            let request = TestRequest(form) {
                $0.names.append("x-nonce")
                $0.field("x-nonce", "\(number)")
                $0.field("x-ca-nonce", $0.form == .caFields ? "nonce \(number)" : nil)
                $0.sign()
            }
            #expect(verifier.problem(request) == nil)
        }
    }

    @Test("a signed nonce is good once, whatever is asked with it; one that is not signed tells nothing apart")
    func nonces() {
        let verifier = SignatureVerifier.test()
        let request = { (tenant: String, isSigned: Bool) in
            TestRequest(.caFields) {
                $0.field("x-tenant", tenant)
                if !isSigned { $0.names.removeAll { $0 == "x-ca-nonce" } }
                $0.sign()
            }
        }
        #expect(verifier.problem(request("eu", true)) == nil)
        #expect(verifier.problem(request("us", true)) == .replayed)
        #expect(verifier.problem(request("eu", false)) == nil)
        var again = request("eu", false)
        again.field("x-ca-nonce", "another")
        #expect(verifier.problem(again) == .replayed)
    }

    @Test("a full guard refuses, and takes requests again once the old ones can no longer be sent")
    func full() {
        let verifier = SignatureVerifier(notBefore: 0, replays: ReplayGuard(capacity: 8))
        let start = ContinuousClock.now
        let request = { (number: Int, time: Int64) in
            TestRequest(.caFields) {
                $0.field("x-ca-nonce", "\(number)")
                $0.field("x-ca-timestamp", "\(time)")
                $0.sign()
            }
        }
        for number in 0..<4 { #expect(verifier.problem(request(number, TestRequest.now)) == nil) }
        let next = request(4, TestRequest.now)
        #expect(verifier.problem(next) == .full, "one key has half of it")
        let later = request(4, TestRequest.now + 700)
        #expect(
            verifier.problem(later.head, later.body, now: TestRequest.now + 700, instant: start.advanced(by: .seconds(700))) == nil)
    }

    @Test("a caller hears the same whatever was wrong, and the words for the log have nothing of the request in them")
    func answers() throws {
        let request = TestRequest(.hmacScheme) {
            $0.key = "canary-5c1"
            $0.field("x-tenant", "canary-77e")
            $0.sign(Secret("canary-secret"))
        }
        let signed = try #require(try SignedRequest.detect(request.head))
        do throws(SignatureProblem) {
            try SignatureVerifier.test().verify(
                signed, head: request.head, body: ByteBuffer(string: request.body), secret: TestRequest.secret, now: TestRequest.now,
                instant: .now)
            Issue.record("taken")
        } catch {
            #expect(!"\(error)".contains("canary"))
        }
    }
}

@Suite struct ReplayGuardTests {
    private let start = ContinuousClock.now

    @Test("what was seen is remembered for its life, and forgotten at most an eighth later")
    func life() {
        let seen = ReplayGuard()
        #expect(seen.insert(1, of: "a", at: start, for: .seconds(600)) == .new)
        #expect(seen.insert(1, of: "b", at: start.advanced(by: .seconds(600)), for: .seconds(600)) == .seen)
        #expect(seen.insert(2, of: "a", at: start.advanced(by: .seconds(676)), for: .seconds(600)) == .new)
        #expect(seen.count == 1)
        #expect(seen.insert(1, of: "a", at: start.advanced(by: .seconds(676)), for: .seconds(600)) == .new)
    }

    @Test("everything that can still be sent is remembered, whenever it came")
    func sliding() {
        let seen = ReplayGuard()
        for second in 0..<2000 {
            let instant = start.advanced(by: .seconds(second))
            #expect(seen.insert(UInt128(second), of: "a", at: instant, for: .seconds(600)) == .new)
            let oldest = max(0, second - 600)
            #expect(seen.insert(UInt128(oldest), of: "a", at: instant, for: .seconds(600)) == .seen)
        }
        #expect(seen.count <= 676)
    }

    @Test("one key fills half of it, and all keys together fill it")
    func capacity() {
        let seen = ReplayGuard(capacity: 100)
        var verdicts: [ReplayGuard.Verdict] = []
        for number in 0..<60 { verdicts.append(seen.insert(UInt128(number), of: "a", at: start, for: .seconds(600))) }
        #expect(verdicts.count { $0 == .new } == 50)
        #expect(verdicts.last == .full)
        for number in 100..<160 { verdicts.append(seen.insert(UInt128(number), of: "b", at: start, for: .seconds(600))) }
        #expect(seen.insert(1000, of: "c", at: start, for: .seconds(600)) == .full)
        #expect(seen.insert(0, of: "c", at: start, for: .seconds(600)) == .seen, "also when full")
        #expect(seen.count == 100)
    }

    @Test("a longer life later does not shorten that of others")
    func lives() {
        let seen = ReplayGuard()
        #expect(seen.insert(1, of: "a", at: start, for: .seconds(60)) == .new)
        #expect(seen.insert(2, of: "a", at: start, for: .seconds(3600)) == .new)
        #expect(seen.insert(3, of: "a", at: start.advanced(by: .seconds(100)), for: .seconds(60)) == .new)
        #expect(seen.insert(2, of: "a", at: start.advanced(by: .seconds(3600)), for: .seconds(60)) == .seen)
        #expect(seen.insert(3, of: "a", at: start.advanced(by: .seconds(160)), for: .seconds(60)) == .seen)
    }
}
