import Crypto
import HTTPTypes
import HubCore
import NIOCore

@testable import HubPolicy

/// The readers of signed requests. An input has lines: the form (`A`, `B`, `C`), the target, another target, then `name: value` for
/// each field; what stands behind an empty line is the body.
enum SignatureSubject: Subject {
    static let name = "signature"

    private static let now: Int64 = 1_795_996_800
    private static let secret = Secret("a secret")

    private struct Message {
        var form: SignedRequest.Form
        var head: HTTPRequest
        var other: String
        var body: ByteBuffer
    }

    static func check(_ input: ByteBuffer) {
        guard let message = message(input) else { return }
        claim(problem(message.head, message.body) != nil, "nobody guesses a signature")
        guard let head = signed(message) else { return }
        let replays = ReplayGuard()
        guard problem(head, message.body, replays) == nil else { return }
        claim(problem(head, message.body, replays) == .replayed, "a request is taken once")
        claim(problem(head, nil) == .unknownKey, "nobody's secret opens nothing")
        var longer = message.body
        longer.writeInteger(UInt8(ascii: "&"))
        claim(problem(head, longer) != nil || message.form == .caFields, "another body is refused")
        var changed = head
        changed.path = message.other
        guard problem(changed, message.body) == nil else { return }
        claim(message.form == .caFields || changed.path == head.path, "another target is refused")
        claim(meaning(changed) == meaning(head), "another target is refused, unless it says the same")
    }

    private static func message(_ input: ByteBuffer) -> Message? {
        let lines = String(buffer: input).split(separator: "\n", omittingEmptySubsequences: false)
        let forms: [Substring: SignedRequest.Form] = ["A": .caFields, "B": .signatureScheme, "C": .hmacScheme]
        guard lines.count > 2, let form = forms[lines[0]], isTarget(lines[1]), isTarget(lines[2]) else { return nil }
        var head = HTTPRequest(method: .post, scheme: nil, authority: "hub.test", path: String(lines[1]))
        let fields = lines.dropFirst(3).prefix { !$0.isEmpty }
        for line in fields {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = HTTPField.Name(String(parts[0])) else { continue }
            head.headerFields.append(HTTPField(name: name, value: String(parts[1])))
        }
        let body = lines.dropFirst(4 + fields.count).joined(separator: "\n")
        return Message(form: form, head: head, other: String(lines[2]), body: ByteBuffer(string: body))
    }

    /// What the hub's parser takes for one.
    private static func isTarget(_ text: Substring) -> Bool {
        text.hasPrefix("/") && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
    }

    /// The request with a signature of all its fields, if it can be signed.
    private static func signed(_ message: Message) -> HTTPRequest? {
        let names = message.head.headerFields.map { $0.name.rawName }
        for style in 0..<4 {
            var head = message.head
            add(names, "AAAA", message.form, to: &head)
            guard let signed = try? SignedRequest.detect(head), let texts = try? texts(signed, head, message.body) else { return nil }
            guard style < texts.count else { return nil }
            let code = HMAC<SHA256>.authenticationCode(for: texts[style], using: SymmetricKey(data: Array(secret.revealed.utf8)))
            head = message.head
            add(names, Base64.encode(Array(code)), message.form, to: &head)
            if problem(head, message.body) == nil { return head }
        }
        return nil
    }

    private static func texts(_ signed: SignedRequest, _ head: HTTPRequest, _ body: ByteBuffer) throws(SignatureProblem) -> [[UInt8]] {
        try signed.form == .caFields ? CAFieldsText.candidates(signed, head, body) : FieldListText.candidates(signed, head)
    }

    private static func add(_ names: [String], _ signature: String, _ form: SignedRequest.Form, to head: inout HTTPRequest) {
        let list = (form == .caFields ? names : ["@request-target"] + names).joined(separator: form == .caFields ? "," : " ")
        let rest = #"algorithm="hmac-sha256",headers="\#(list)",signature="\#(signature)""#
        switch form {
        case .caFields:
            head.headerFields.append(HTTPField(name: .caKey, value: "bot"))
            head.headerFields.append(HTTPField(name: .caSignatureHeaders, value: list))
            head.headerFields.append(HTTPField(name: .caSignature, value: signature))
        case .signatureScheme: head.headerFields.append(HTTPField(name: .authorization, value: #"Signature keyId="bot","# + rest))
        case .hmacScheme: head.headerFields.append(HTTPField(name: .authorization, value: #"hmac username="bot","# + rest))
        }
    }

    private static func problem(_ head: HTTPRequest, _ body: ByteBuffer?, _ replays: ReplayGuard = ReplayGuard()) -> SignatureProblem.Kind?
    {
        do throws(SignatureProblem) {
            guard let signed = try SignedRequest.detect(head) else { return .malformed }
            let verifier = SignatureVerifier(notBefore: 0, replays: replays)
            try verifier.verify(
                signed, head: head, body: body ?? ByteBuffer(), secret: body == nil ? nil : secret, now: now, instant: .now)
            return nil
        } catch {
            return error.kind
        }
    }

    /// Path and parameters as whoever answers the request reads them.
    private static func meaning(_ head: HTTPRequest) -> [String] {
        let parts = (head.path ?? "").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let pairs = parts.dropFirst().first?.split(separator: "&", omittingEmptySubsequences: false) ?? []
        let decoded = pairs.dropLast(pairs.last?.isEmpty == true ? 1 : 0).map { pair in
            let name = pair.prefix { $0 != "=" }
            let both = [name, pair[name.endIndex...].dropFirst()].map { PercentEncoding.bytesWherePossible($0.replacing("+", with: " ")) }
            return "\(both)"
        }
        return [String(parts.first ?? "")] + decoded.sorted()
    }
}
