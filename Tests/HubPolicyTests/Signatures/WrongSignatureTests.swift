import Crypto
import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import HubPolicy

/// One way to get a signed request wrong, before or after it is signed, and what is said of it.
struct WrongSignature: Sendable, CustomTestStringConvertible {
    typealias Edit = @Sendable (inout TestRequest) -> Void

    let name: String
    let form: SignedRequest.Form
    /// Nil where it is good.
    let kind: SignatureProblem.Kind?
    let before: Edit
    let after: Edit

    var testDescription: String { "\(form): \(name)" }

    /// A change on the way.
    private static func after(
        _ name: String, _ kind: SignatureProblem.Kind?, _ forms: [SignedRequest.Form] = SignedRequest.Form.allCases, _ edit: @escaping Edit
    ) -> [WrongSignature] {
        forms.map { WrongSignature(name: name, form: $0, kind: kind, before: { _ in }, after: edit) }
    }

    /// A client that signs otherwise.
    private static func before(
        _ name: String, _ kind: SignatureProblem.Kind?, _ forms: [SignedRequest.Form] = SignedRequest.Form.allCases, _ edit: @escaping Edit
    ) -> [WrongSignature] {
        forms.map { WrongSignature(name: name, form: $0, kind: kind, before: edit, after: { _ in }) }
    }

    private static let lists: [SignedRequest.Form] = [.signatureScheme, .hmacScheme]

    static let onTheWay: [WrongSignature] = [
        after("another method", .badSignature) { $0.method = "PUT" },
        after("another path", .badSignature) { $0.target = "/mcp/files?b=2&a=1" },
        after("a path with a slash more", .badSignature) { $0.target = "/mcp/orders/?b=2&a=1" },
        after("a path in other letters", .badSignature) { $0.target = "/MCP/orders?b=2&a=1" },
        after("an escape in the path", .badSignature) { $0.target = "/mcp/order%73?b=2&a=1" },
        after("no query", .badSignature) { $0.target = "/mcp/orders" },
        after("another value in the query", .badSignature) { $0.target = "/mcp/orders?b=2&a=2" },
        after("one parameter more", .badSignature) { $0.target = "/mcp/orders?b=2&a=1&c=3" },
        after("the query in another order", .badSignature, lists) { $0.target = "/mcp/orders?a=1&b=2" },
        after("the query in another order, which the form does not sign", nil, [.caFields]) { $0.target = "/mcp/orders?a=1&b=2" },
        after("a second parameter of a name, which the form does not sign", .malformed, [.caFields]) {
            $0.target = "/mcp/orders?b=2&a=1&a=9"
        },
        after("two parameters in one", .malformed, [.caFields]) { $0.target = "/mcp/orders?a=1%26b=2" },
        after("two parameters in a name", .malformed, [.caFields]) { $0.target = "/mcp/orders?a%3D1%26b=2" },
        after("another body", .badDigest) { $0.body = #"{"jsonrpc":"2.0","id":2}"# },
        after("no body", .badDigest) { $0.body = "" },
        after("a body with a line feed more", .badDigest) { $0.body += "\n" },
        after("another digest", .badSignature) { request in
            for name in ["digest", "content-md5"] where request.fields.contains(where: { $0.name == name }) { request.field(name, "x") }
        },
        after("another body with its digest", .badSignature) { request in
            request.body = "{}"
            let (md5, sha) = (Insecure.MD5.hash(data: Array("{}".utf8)), SHA256.hash(data: Array("{}".utf8)))
            if request.form == .caFields { request.field("content-md5", Base64.encode(Array(md5))) }
            if request.form != .caFields { request.field("digest", "SHA-256=" + Base64.encode(Array(sha))) }
        },
        after("no digest", .unsigned, [.caFields]) { $0.field("content-md5", nil) },
        after("no digest", .badSignature, lists) { $0.field("digest", nil) },
        after("another value of a signed field", .badSignature) { $0.field("x-tenant", "us") },
        after("no signed field", .badSignature) { $0.field("x-tenant", nil) },
        after("a signed field twice", .malformed) { $0.fields.append(("X-Tenant", "us")) },
        after("a field that is not signed", nil) { $0.fields.append(("x-other", "us")) },
        after("another date", .badSignature, lists) { $0.field("date", "Mon, 30 Nov 2026 00:00:01 GMT") },
        after("another timestamp", .badSignature, [.caFields]) { $0.field("x-ca-timestamp", "\(TestRequest.now)001") },
        after("another nonce", .badSignature, [.caFields]) { $0.field("x-ca-nonce", "nonce-2") },
        after("another type", .badSignature, [.caFields]) { $0.field("content-type", "text/plain") },
        after("another type beside the signed one", .badSignature, [.caFields]) {
            $0.field("x-ca-signed-content-type", "application/json")
            $0.field("content-type", "text/plain")
        },
        after("a date that comes along", .badSignature, [.caFields]) { $0.field("date", TestRequest.date) },
        after("another name of a key", .badSignature, [.signatureScheme]) { $0.key = "support-cat" },
        after("another name of a key", .badSignature, [.caFields]) { $0.field("x-ca-key", "support-cat") },
        after("the list in another order", .badSignature, lists) { $0.names.reverse() },
        after("the list in another order, which the form sorts", nil, [.caFields]) { $0.names.reverse() },
        after("the list without a field", .badSignature) { $0.names.removeAll { $0 == "x-tenant" } },
        after("the list with a field more", .badSignature, [.caFields, .hmacScheme]) { $0.names.append("x-absent") },
        after("another hash", .badSignature, lists) { $0.algorithm = .sha512 },
        after("a shorter signature", .badSignature) { $0.signature = Base64.encode(Array((Base64.decode($0.signature) ?? []).prefix(16))) },
        after("a longer signature", .badSignature) { $0.signature = Base64.encode((Base64.decode($0.signature) ?? []) + [0]) },
        after("a signature of zeros", .badSignature) { $0.signature = Base64.encode([UInt8](repeating: 0, count: 32)) },
        after("an empty signature", .malformed) { $0.signature = "" },
        after("a signature without padding", .malformed) { $0.signature.removeLast() },
        after("a signature in hexadecimal", .malformed) { $0.signature = "abc" },
    ].flatMap { $0 }

    static let byTheClient: [WrongSignature] = [
        before("a body whose digest is not signed", .unsigned, lists) { $0.names.removeAll { $0 == "digest" } },
        before("a body with neither digest nor form", .unsigned, [.caFields]) { $0.field("content-md5", nil) },
        before("a digest that is signed and not there", .unsigned, lists) { $0.field("digest", nil) },
        before("a digest of another hash", .badDigest, lists) { $0.field("digest", "SHA-512=AAAA") },
        before("a target that is not signed", .unsigned, lists) { $0.names.removeAll { $0 == "@request-target" } },
        before("request-line, which is a field here", .unsigned, [.signatureScheme]) { $0.names[0] = "request-line" },
        before("request-line in other letters, which is a field", .unsigned, [.hmacScheme]) { $0.names[0] = "Request-Line" },
        before("@request-target in other letters", .malformed, lists) { $0.names[0] = "@Request-Target" },
        before("request-line", nil, [.hmacScheme]) { $0.names[0] = "request-line" },
        before("request-line, beside a field of that name", .malformed, [.hmacScheme]) {
            $0.names[0] = "request-line"
            $0.field("request-line", "GET / HTTP/1.1")
        },
        before("a date that is not signed", .unsigned, lists) { $0.names.removeAll { $0 == "date" } },
        before("a timestamp that is not signed", .unsigned, [.caFields]) { $0.names.removeAll { $0 == "x-ca-timestamp" } },
        before("no date at all", .malformed, lists) { $0.field("date", nil) },
        before("no timestamp", .unsigned, [.caFields]) { $0.field("x-ca-timestamp", nil) },
        before("x-date in place of date", nil, [.hmacScheme]) {
            $0.names[1] = "x-date"
            $0.field("date", nil)
            $0.field("x-date", TestRequest.date)
        },
        before("x-date in place of date", .unsigned, [.signatureScheme]) {
            $0.names[1] = "x-date"
            $0.field("date", nil)
            $0.field("x-date", TestRequest.date)
        },
        before("x-date that is old, beside a date that is not", .outsideWindow, [.hmacScheme]) {
            $0.names.append("x-date")
            $0.field("x-date", "Mon, 30 Nov 2026 00:10:00 GMT")
        },
        before("a timestamp in seconds", nil, [.caFields]) { $0.field("x-ca-timestamp", "\(TestRequest.now)") },
        before("a timestamp in microseconds", .outsideWindow, [.caFields]) { $0.field("x-ca-timestamp", "\(TestRequest.now)000000") },
        before("a timestamp of 17 digits", .malformed, [.caFields]) { $0.field("x-ca-timestamp", "17959968000000000") },
        before("a negative timestamp", .malformed, [.caFields]) { $0.field("x-ca-timestamp", "-\(TestRequest.now)") },
        before("a timestamp with a fraction", .malformed, [.caFields]) { $0.field("x-ca-timestamp", "\(TestRequest.now).0") },
        before("an empty timestamp", .malformed, [.caFields]) { $0.field("x-ca-timestamp", "") },
        before("a date goes before a timestamp", .outsideWindow, [.caFields]) { $0.field("date", "Mon, 30 Nov 2026 00:10:00 GMT") },
        before("a date as Android writes it", nil, [.caFields]) { $0.field("date", TestRequest.date + "+00:00") },
        before("a field's name that is none", .malformed) { $0.names.append("x tenant:") },
        before("too many fields", .malformed) { $0.names += (0..<61).map { "x-\($0)" } },
        before("as many fields as may be", nil) { $0.names += (0..<60).map { "x-\($0)" } },
        before("the host, which is the authority", .badSignature) { $0.names.append("host") },
        before("form parameters in place of a digest", nil, [.caFields]) {
            $0.field("content-md5", nil)
            $0.field("content-type", "application/x-www-form-urlencoded")
            $0.body = "z=%2F&c="
            $0.canonicalTarget = "/mcp/orders?a=1&b=2&c=&z=/"
        },
        before("form parameters, the empty one without =", nil, [.caFields]) {
            $0.field("content-md5", nil)
            $0.field("content-type", "application/x-www-form-urlencoded")
            $0.body = "z=a+b&c="
            $0.canonicalTarget = "/mcp/orders?a=1&b=2&c&z=a b"
        },
        before("a + that is signed as it is, like the %2B that may stand there as well", .badSignature, [.caFields]) {
            $0.target = "/mcp/orders?a=1+2"
            $0.canonicalTarget = "/mcp/orders?a=1+2"
        },
        before("a + that is signed as a space", nil, [.caFields]) {
            $0.target = "/mcp/orders?a=1+2"
            $0.canonicalTarget = "/mcp/orders?a=1 2"
        },
        before("a %2B that is signed as +", nil, [.caFields]) {
            $0.target = "/mcp/orders?a=1%2b2"
            $0.canonicalTarget = "/mcp/orders?a=1+2"
        },
        before("a name without a value that is signed escaped", .badSignature, [.caFields]) {
            $0.target = "/mcp/orders?%61"
            $0.canonicalTarget = "/mcp/orders?%61="
        },
        before("names without a value", nil, [.caFields]) {
            $0.target = "/mcp/orders?b&a="
            $0.canonicalTarget = "/mcp/orders?a=&b="
        },
        before("names without a value, signed without =", nil, [.caFields]) {
            $0.target = "/mcp/orders?b&%61="
            $0.canonicalTarget = "/mcp/orders?a&b"
        },
        before("an escape that is none", .malformed, [.caFields]) {
            $0.target = "/mcp/orders?a=%zz"
            $0.canonicalTarget = "/mcp/orders?a=%zz"
        },
        before("an escape that is cut off", .malformed, [.caFields]) { $0.target = "/mcp/orders?a=%4" },
        before("two form parameters of a name beside a digest", nil, [.caFields]) {
            $0.field("content-type", "application/x-www-form-urlencoded")
            $0.body = "z=1&z=2"
            $0.field("content-md5", Base64.encode(Array(Insecure.MD5.hash(data: Array("z=1&z=2".utf8)))))
            $0.canonicalTarget = "/mcp/orders?a=1&b=2&z=1"
        },
        before("two form parameters of a name", .malformed, [.caFields]) {
            $0.field("content-md5", nil)
            $0.field("content-type", "application/x-www-form-urlencoded")
            $0.body = "z=1&z=2"
            $0.canonicalTarget = "/mcp/orders?a=1&b=2&z=1"
        },
        before("a thousand parameters and one", .malformed, [.caFields]) {
            $0.target = "/mcp/orders?" + (0...1000).map { "p\($0)=" }.joined(separator: "&")
        },
        before("names as the older gateway's clients write and sort them", nil, [.caFields]) {
            $0.names = ["X-Ca-Key", "X-Ca-Timestamp", "X-Ca-Nonce", "x-tenant"]
        },
    ].flatMap { $0 }

    static let dates = [
        "", "now", "Monday, 30-Nov-26 00:00:00 GMT", "Mon Nov 30 00:00:00 2026", "Tue, 30 Nov 2026 00:00:00 GMT", "2026-11-30T00:00:00Z",
        "Mon, 30 Nov 2026 00:00:00 UTC", "Mon, 30 Nov 2026 00:00:00 +0000", "mon, 30 nov 2026 00:00:00 gmt",
        "Mon, 30 Nov 2026 24:00:00 GMT",
        "Mon,  30 Nov 2026 00:00:00 GMT", "\(TestRequest.now)",
    ].flatMap { (date: String) in before("the date \(date)", .malformed, lists) { $0.field("date", date) } }
}

@Suite struct WrongSignatureTests {
    @Test(
        "what is changed on the way or signed otherwise is refused, unless the form leaves it open",
        arguments: WrongSignature.onTheWay + WrongSignature.byTheClient + WrongSignature.dates)
    func refused(wrong: WrongSignature) {
        var request = TestRequest(wrong.form, wrong.before)
        request.sign()
        wrong.after(&request)
        #expect(SignatureVerifier.test().problem(request) == wrong.kind)
    }

    @Test("a signature cut off at any byte, or with any byte changed, is refused without a trap", arguments: SignedRequest.Form.allCases)
    func mutations(form: SignedRequest.Form) {
        let request = TestRequest(form) { $0.sign() }
        let name = form == .caFields ? HTTPField.Name.caSignature : .authorization
        let value = Array((request.head.headerFields[name] ?? "").utf8)
        var refused = 0
        for index in value.indices {
            var changed = value
            changed[index] ^= 1
            for bytes in [Array(value.prefix(index)), changed] {
                var head = request.head
                head.headerFields[name] = String(decoding: bytes, as: UTF8.self)
                let key = try? SignedRequest.detect(head)?.key  // what cannot be read has none
                let secret = key == request.key ? TestRequest.secret : nil
                if SignatureVerifier.test().problem(head, request.body, secret: secret) != nil { refused += 1 }
            }
        }
        #expect(refused == value.count * 2)
    }

    @Test(
        "a megabyte in any place of a signature is refused",
        arguments: ["Signature ", "hmac ", "hmac username=\"", "Signature keyId=\"a\",", "hmac username=\"a\",headers=\"a "])
    func huge(start: String) {
        var head = HTTPRequest(method: .get, scheme: nil, authority: "hub.test", path: "/")
        head.headerFields[.authorization] = start + String(repeating: "a ", count: 1 << 19)
        #expect(SignatureVerifier.test().problem(head, "") == .malformed)
    }
}

@Suite struct SignedRequestTests {
    private func head(_ fields: [(String, String)]) -> HTTPRequest {
        var head = HTTPRequest(method: .get, scheme: nil, authority: "hub.test", path: "/")
        for (name, value) in fields {
            guard let name = HTTPField.Name(name) else { continue }
            head.headerFields.append(HTTPField(name: name, value: value))
        }
        return head
    }

    private func detected(_ fields: [(String, String)]) -> (form: SignedRequest.Form?, problem: SignatureProblem.Kind?) {
        do throws(SignatureProblem) {
            return (try SignedRequest.detect(head(fields))?.form, nil)
        } catch {
            return (nil, error.kind)
        }
    }

    private static let good = #" username="a",algorithm="hmac-sha256",headers="date",signature="AAAA""#
    private static let keyed = #" keyId="a",algorithm="hmac-sha256",headers="date",signature="AAAA""#

    @Test(
        "other credentials are none of these",
        arguments: [
            [], [("authorization", "Bearer hmac")], [("authorization", "Basic YTpi")], [("authorization", "hmac-auth-v1#a")],
            [("authorization", "AWS4-HMAC-SHA256 Signature=a")], [("proxy-authorization", "Signature" + keyed)],
            [("x-api-key", "hmac " + good)],
            [("authorization", "")],
        ])
    func none(fields: [(String, String)]) {
        let detected = detected(fields)
        #expect(detected.form == nil && detected.problem == nil)
    }

    @Test(
        "the scheme is read in any case, and Kong's from either field",
        arguments: [
            ([("authorization", "hmac" + good)], .hmacScheme), ([("authorization", "Hmac" + good)], .hmacScheme),
            ([("proxy-authorization", "HMAC" + good)], .hmacScheme), ([("authorization", "signature" + keyed)], .signatureScheme),
            ([("proxy-authorization", "hmac" + good), ("authorization", "Bearer x")], .hmacScheme),
            ([("x-ca-key", "a"), ("x-ca-signature", "AAAA")], .caFields),
        ] as [([(String, String)], SignedRequest.Form)])
    func forms(fields: [(String, String)], form: SignedRequest.Form) {
        #expect(detected(fields).form == form)
    }

    @Test(
        "two signatures in one request are refused",
        arguments: [
            [("authorization", "hmac" + good), ("proxy-authorization", "hmac" + good)],
            [("authorization", "hmac" + good), ("authorization", "Signature" + keyed)],
            [("authorization", "hmac" + good), ("x-ca-key", "a"), ("x-ca-signature", "AAAA")],
            [("authorization", "Signature" + keyed), ("x-ca-key", "a")],
        ])
    func ambiguous(fields: [(String, String)]) {
        #expect(detected(fields).problem == .ambiguous)
    }

    @Test(
        "a signature that cannot be read in one way only is refused",
        arguments: [
            "", " ", " username=a", good + ",", good + #",username="b""#, good + #" x="y""#, good + ";",
            good.replacing("a\"", with: #"a\""#), good.replacing("username", with: "keyId"), good.replacing("=\"date", with: "= \"date"),
            good.replacing("date", with: "date  digest"), good.replacing("date", with: "dáte"), good.replacing("\"a\"", with: "\"\""),
            good.replacing("\"a\"", with: "\"\(String(repeating: "a", count: 257))\""), good.replacing("\"date\"", with: "\"\""),
            " " + (0..<17).map { #"p\#($0)="""# }.joined(separator: ","), String(repeating: " ", count: 8192) + good,
        ])
    func malformed(parameters: String) {
        #expect(detected([("authorization", "hmac" + parameters)]).problem == .malformed, "\(parameters.prefix(80))")
    }

    @Test("what is unknown among the parameters is left alone, and white space around commas")
    func others() {
        #expect(detected([("authorization", "hmac  realm=\"x\" , " + Self.good.dropFirst() + ",created=\"1\" ")]).form == .hmacScheme)
    }

    @Test(
        "a key without a signature, a signature without a key, and either of them twice are refused",
        arguments: [
            [("x-ca-key", "a")], [("x-ca-signature", "AAAA")], [("x-ca-key", "a"), ("x-ca-key", "b"), ("x-ca-signature", "AAAA")],
            [("x-ca-key", "a"), ("x-ca-signature", "AAAA"), ("x-ca-signature", "AAAA")], [("x-ca-key", ""), ("x-ca-signature", "AAAA")],
        ])
    func incomplete(fields: [(String, String)]) {
        #expect(detected(fields).problem == .malformed)
    }

    @Test(
        "algorithms that are not known are refused",
        arguments: ["md5", "hmac-md5", "sha256", "hmac-sha256 ", "HMAC-SHA256", "rsa-sha256", ""])
    func algorithms(name: String) {
        #expect(detected([("authorization", "hmac" + Self.good.replacing("hmac-sha256", with: name))]).problem == .unsupported)
        #expect(detected([("x-ca-key", "a"), ("x-ca-signature", "AAAA"), ("x-ca-signature-method", name)]).problem == .unsupported)
    }
}
