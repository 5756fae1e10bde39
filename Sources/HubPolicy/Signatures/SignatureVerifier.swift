import Crypto
public import HTTPTypes
public import HubCore
public import NIOCore

/// Checks signed requests of all forms. Made with a snapshot; the guard outlives it.
///
/// In this order, so that what costs comes last and only what is good is remembered:
/// 1. The algorithm is allowed, and all that must be signed is in the list: what is asked for, when, and the digest of a body.
/// 2. It was signed within the skew of now, and not before the guard was there.
/// 3. The code is that of one of the form's texts.
/// 4. The body is the one whose digest was signed.
/// 5. It has not been seen before.
public struct SignatureVerifier: Sendable {
    private let skew: Int64
    private let allowsSHA1: Bool
    private let notBefore: Int64
    private let replays: ReplayGuard

    /// A verifier.
    ///
    /// - Parameters:
    ///   - skew: how many seconds a client's clock may be off; at least 1, at most a day.
    ///   - allowsSHA1: whether a form's HMAC-SHA-1 is taken.
    ///   - notBefore: seconds since 1970 at which `replays` began to remember. What was signed before may have been seen before.
    ///   - replays: what has been seen.
    public init(skew: Int64 = 300, allowsSHA1: Bool = false, notBefore: Int64, replays: ReplayGuard) {
        self.skew = min(max(1, skew), 86_400)
        self.allowsSHA1 = allowsSHA1
        self.notBefore = notBefore
        self.replays = replays
    }

    /// Checks a request. It is good once: the same one is refused from then on.
    ///
    /// - Parameters:
    ///   - signed: what `SignedRequest.detect` found in this very head.
    ///   - head: method, target and fields as they came.
    ///   - body: the whole of it.
    ///   - secret: that of the key; nil where nobody has a key of that name, which takes as long to say.
    ///   - now: seconds since 1970.
    ///   - instant: the same moment on a clock that nobody sets.
    public func verify(
        _ signed: SignedRequest, head: HTTPRequest, body: ByteBuffer, secret: Secret?, now: Int64, instant: ContinuousClock.Instant
    ) throws(SignatureProblem) {
        guard signed.algorithm != .sha1 || allowsSHA1 else { throw SignatureProblem(.unsupported, "HMAC-SHA-1 is not allowed") }
        let time = try time(signed, head)
        try requireSigned(signed, head, body)
        guard time >= now - skew, time <= now + skew else { throw SignatureProblem(.outsideWindow, "signed \(now - time) s ago") }
        guard time >= notBefore else { throw SignatureProblem(.outsideWindow, "signed before the hub was there to see it") }
        let texts = try signed.form == .caFields ? CAFieldsText.candidates(signed, head, body) : FieldListText.candidates(signed, head)
        let key = SymmetricKey(data: Array((secret?.revealed ?? "nobody's secret").utf8))
        let isValid = texts.reduce(false) { signed.algorithm.isValid(signed.signature, for: $1, by: key) || $0 }
        guard let secret, !secret.revealed.isEmpty else { throw SignatureProblem(.unknownKey, "nobody has a key of that name") }
        guard isValid else { throw SignatureProblem(.badSignature, "another secret, or another request") }
        try checkDigest(signed, head, body)
        // One that was signed a skew ahead can be sent for two skews, and for the rest of a second more.
        switch replays.insert(try identity(signed, head), of: signed.key, at: instant, for: .seconds(2 * skew + 2)) {
        case .new: break
        case .seen: throw SignatureProblem(.replayed, "seen before")
        case .full: throw SignatureProblem(.full, "no room to remember it")
        }
    }

    /// When it was signed. What says so is signed too.
    private func time(_ signed: SignedRequest, _ head: HTTPRequest) throws(SignatureProblem) -> Int64 {
        let time: Int64?
        switch signed.form {
        case .caFields:
            if let date = try head.signedValue(of: .date), !date.isEmpty {
                // Android's clients of the older gateway write it so, and Higress reads it.
                time = HTTPDate.parse(date.hasSuffix("GMT+00:00") ? String(date.dropLast("+00:00".count)) : date)
            } else if signed.signs("x-ca-timestamp"), let text = try head.signedValue(of: .caTimestamp) {
                time = Self.timestamp(text)
            } else {
                throw SignatureProblem(.unsigned, "neither Date nor a signed X-Ca-Timestamp")
            }
        case .hmacScheme where signed.signs("x-date"): time = try head.signedValue(of: .xDate).flatMap(HTTPDate.parse)
        case .hmacScheme, .signatureScheme:
            guard signed.signs("date") else { throw SignatureProblem(.unsigned, "the date is not signed") }
            time = try head.signedValue(of: .date).flatMap(HTTPDate.parse)
        }
        guard let time else { throw SignatureProblem(.malformed, "no date that can be read") }
        return time
    }

    /// Milliseconds from 13 digits on, else seconds, as Higress reads it.
    private static func timestamp(_ text: String) -> Int64? {
        guard text.utf8.count <= 16, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text) else {
            return nil
        }
        return text.utf8.count >= 13 ? number / 1000 : number
    }

    private func requireSigned(_ signed: SignedRequest, _ head: HTTPRequest, _ body: ByteBuffer) throws(SignatureProblem) {
        let hasBody = body.readableBytes > 0
        switch signed.form {
        case .caFields:
            let hasDigest = try head.signedValue(of: .contentMD5) != nil
            guard !hasBody || hasDigest || CAFieldsText.isForm(head) else {
                throw SignatureProblem(.unsigned, "a body without Content-MD5")
            }
        case .signatureScheme, .hmacScheme:
            // In these letters alone: in others they would be the names of fields.
            let signsTarget = signed.names.contains { $0 == "@request-target" || (signed.form == .hmacScheme && $0 == "request-line") }
            guard signsTarget else { throw SignatureProblem(.unsigned, "the target is not signed") }
            guard !hasBody || signed.signs("digest") else { throw SignatureProblem(.unsigned, "the digest of the body is not signed") }
        }
    }

    /// Compares the body with its digest, wherever one is given.
    private func checkDigest(_ signed: SignedRequest, _ head: HTTPRequest, _ body: ByteBuffer) throws(SignatureProblem) {
        let (given, digest): (String?, String)
        switch signed.form {
        case .caFields:
            given = try head.signedValue(of: .contentMD5)
            digest = given == nil ? "" : Base64.encode(Array(Insecure.MD5.hash(data: Array(body.readableBytesView))))
        case .signatureScheme, .hmacScheme:
            given = try head.signedValue(of: .digest)
            digest = given == nil ? "" : "SHA-256=" + Base64.encode(Array(SHA256.hash(data: Array(body.readableBytesView))))
        }
        // Another value is no secret: whoever sees the request sees the body.
        if let given, given != digest { throw SignatureProblem(.badDigest, "the body is not the one that was signed") }
        guard given != nil || body.readableBytes == 0 || signed.form == .caFields else {
            throw SignatureProblem(.unsigned, "a body without Digest")
        }
    }

    /// What tells it from every other request of its key: a nonce, if one is signed, else the code, which one of them is in.
    private func identity(_ signed: SignedRequest, _ head: HTTPRequest) throws(SignatureProblem) -> UInt128 {
        let nonce = signed.form == .caFields && signed.signs("x-ca-nonce") ? try head.signedValue(of: .caNonce) : nil
        var hash = SHA256()
        hash.update(data: Array("\(signed.form.rawValue) \(signed.key.utf8.count) \(signed.key) \(nonce ?? "").".utf8))
        if (nonce ?? "").isEmpty { hash.update(data: signed.signature) }
        return hash.finalize().prefix(16).reduce(0) { $0 << 8 | UInt128($1) }
    }
}
