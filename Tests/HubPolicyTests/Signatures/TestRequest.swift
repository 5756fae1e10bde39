import Crypto
import HTTPTypes
import HubCore
import NIOCore

@testable import HubPolicy

/// A signed request in the making: it writes the texts of the three forms by itself, in the simplest way.
struct TestRequest: Sendable {
    /// 2026-11-30T00:00:00Z.
    static let now: Int64 = 1_795_996_800
    static let date = "Mon, 30 Nov 2026 00:00:00 GMT"
    static let secret = Secret("a secret")

    let form: SignedRequest.Form
    var method = "POST"
    var target = "/mcp/orders?b=2&a=1"
    var fields: [(name: String, value: String)] = [("x-tenant", "eu")]
    var body = #"{"jsonrpc":"2.0","id":1}"#
    /// What is signed.
    var names: [String]
    /// What the texts of the X-Ca form end with.
    var canonicalTarget = "/mcp/orders?a=1&b=2"
    var key = "support-bot"
    var algorithm = SignatureAlgorithm.sha256
    /// Field and signature, once it is signed.
    var signature = ""

    /// A good request, after some changes.
    init(_ form: SignedRequest.Form, _ edit: (inout TestRequest) -> Void = { _ in }) {
        self.form = form
        switch form {
        case .caFields:
            names = ["x-ca-key", "x-ca-timestamp", "x-ca-nonce", "x-tenant"]
            fields += [
                ("accept", "application/json"), ("content-type", "application/json"), ("x-ca-key", key),
                ("x-ca-timestamp", "\(Self.now)000"), ("x-ca-nonce", "nonce-1"),
                ("content-md5", Base64.encode(Array(Insecure.MD5.hash(data: Array(body.utf8))))),
            ]
        case .signatureScheme, .hmacScheme:
            names = ["@request-target", "date", "digest", "x-tenant"]
            fields += [("date", Self.date), ("digest", "SHA-256=" + Base64.encode(Array(SHA256.hash(data: Array(body.utf8)))))]
        }
        edit(&self)
    }

    /// Sets a field, or takes it out.
    mutating func field(_ name: String, _ value: String?) {
        guard let value else { return fields.removeAll { $0.name == name } }
        if let index = fields.firstIndex(where: { $0.name == name }) {
            fields[index].value = value
        } else {
            fields.append((name, value))
        }
    }

    private func value(_ name: String) -> String? { fields.first { $0.name.lowercased() == name.lowercased() }?.value }

    /// The text that is signed.
    var text: String {
        switch form {
        case .caFields:
            let own = ["accept", "content-md5", "content-type", "date"].map { (value($0) ?? "") + "\n" }.joined()
            return "\(method)\n" + own + names.sorted().map { "\($0):\(value($0) ?? "")\n" }.joined() + canonicalTarget
        case .signatureScheme:
            let lines = names.compactMap { name in
                name == "@request-target" ? "\(method) \(target)" : value(name).map { "\(name): \($0)" }
            }
            return ([key] + lines).map { $0 + "\n" }.joined()
        case .hmacScheme:
            return names.map { name in
                if name == "@request-target" { return "\(name): \(method.lowercased()) \(target)" }
                if name == "request-line" { return "\(method) \(target) HTTP/1.1" }
                return value(name).map { "\(name): \($0)" } ?? "\(name):"
            }.joined(separator: "\n")
        }
    }

    /// Signs what is there.
    mutating func sign(_ secret: Secret = TestRequest.secret) {
        let (text, key) = (Array(text.utf8), SymmetricKey(data: Array(secret.revealed.utf8)))
        let code: [UInt8] =
            switch algorithm {
            case .sha1: Array(HMAC<Insecure.SHA1>.authenticationCode(for: text, using: key))
            case .sha256: Array(HMAC<SHA256>.authenticationCode(for: text, using: key))
            case .sha384: Array(HMAC<SHA384>.authenticationCode(for: text, using: key))
            case .sha512: Array(HMAC<SHA512>.authenticationCode(for: text, using: key))
            }
        signature = Base64.encode(code)
    }

    /// The head with all fields and the signature.
    var head: HTTPRequest {
        var head = HTTPRequest(method: HTTPRequest.Method(method) ?? .get, scheme: nil, authority: "hub.test", path: target)
        var all = fields
        let list = names.joined(separator: form == .caFields ? "," : " ")
        switch form {
        case .caFields:
            all += [("x-ca-signature-headers", list), ("x-ca-signature", signature)]
            if algorithm != .sha256 { all.append(("x-ca-signature-method", "HmacSHA\(algorithm.rawValue.dropFirst(3))")) }
        case .signatureScheme:
            let parameters = #"keyId="\#(key)",algorithm="hmac-\#(algorithm)",headers="\#(list)",signature="\#(signature)""#
            all.append(("authorization", "Signature " + parameters))
        case .hmacScheme:
            let parameters = #"username="\#(key)", algorithm="hmac-\#(algorithm)", headers="\#(list)", signature="\#(signature)""#
            all.append(("authorization", "hmac " + parameters))
        }
        for field in all {
            guard let name = HTTPField.Name(field.name) else { continue }
            head.headerFields.append(HTTPField(name: name, value: field.value))
        }
        return head
    }
}

extension SignatureVerifier {
    /// One that was there before the tests' requests were signed.
    static func test(allowsSHA1: Bool = false, notBefore: Int64 = 0) -> SignatureVerifier {
        SignatureVerifier(allowsSHA1: allowsSHA1, notBefore: notBefore, replays: ReplayGuard())
    }

    /// The kind of problem with a request, or nil where it is good.
    func problem(
        _ head: HTTPRequest, _ body: String, secret: Secret? = TestRequest.secret, now: Int64 = TestRequest.now,
        instant: ContinuousClock.Instant = .now
    ) -> SignatureProblem.Kind? {
        do throws(SignatureProblem) {
            guard let signed = try SignedRequest.detect(head) else { throw SignatureProblem(.malformed, "not signed") }
            try verify(signed, head: head, body: ByteBuffer(string: body), secret: secret, now: now, instant: instant)
            return nil
        } catch {
            return error.kind
        }
    }

    /// The same for a request of the tests.
    func problem(_ request: TestRequest, secret: Secret? = TestRequest.secret, now: Int64 = TestRequest.now) -> SignatureProblem.Kind? {
        problem(request.head, request.body, secret: secret, now: now)
    }
}
