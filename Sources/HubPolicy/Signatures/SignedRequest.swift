public import HTTPTypes
import HubCore

/// What a request says of its signature, read from its head and not yet checked.
public struct SignedRequest: Sendable {
    /// The forms that are known, each by what is written where.
    public enum Form: String, Sendable, Hashable, CaseIterable {
        /// `X-Ca-Key`, `X-Ca-Signature` and the other fields of Alibaba Cloud API Gateway and Higress (`hmac-auth`).
        case caFields
        /// `Authorization: Signature keyId="…"` of APISIX (`hmac-auth`) and Higress (`hmac-auth-apisix`).
        case signatureScheme
        /// `Authorization: hmac username="…"` or the same in `Proxy-Authorization`, of Kong (`hmac-auth`).
        case hmacScheme
    }

    /// The most fields that are signed.
    static let maximumFields = 64
    /// The longest name of a key in bytes.
    static let maximumKeyLength = 256

    /// How it is signed.
    public let form: Form
    /// The name of the key: says whose secret to look for.
    public let key: String
    /// The hash that it says to have used.
    let algorithm: SignatureAlgorithm
    /// The code.
    let signature: [UInt8]
    /// The names of the signed fields, as they stand there.
    let names: [String]

    /// Whether a request is signed, and with whose key.
    ///
    /// - Returns: nil where it carries nothing of these forms, whatever else it carries.
    /// - Throws: `SignatureProblem`: `.ambiguous` for two signatures, `.malformed` and `.unsupported` for one that cannot be read.
    public static func detect(_ head: HTTPRequest) throws(SignatureProblem) -> SignedRequest? {
        var found: [(form: Form, parameters: Substring)] = []
        if head.headerFields.contains(where: { $0.name == .caKey || $0.name == .caSignature }) { found.append((.caFields, "")) }
        for field in head.headerFields where field.name == .authorization || field.name == .proxyAuthorization {
            let scheme = field.value.prefix { $0 != " " && $0 != "\t" }
            let parameters = field.value[scheme.endIndex...]
            switch scheme.lowercased() {
            case "signature" where field.name == .authorization: found.append((.signatureScheme, parameters))
            case "hmac": found.append((.hmacScheme, parameters))
            default: break
            }
        }
        guard let first = found.first else { return nil }
        guard found.count == 1 else { throw SignatureProblem(.ambiguous, "two signatures in one request") }
        switch first.form {
        case .caFields: return try SignedRequest(caFields: head)
        case .signatureScheme, .hmacScheme: return try SignedRequest(first.form, first.parameters)
        }
    }

    private init(caFields head: HTTPRequest) throws(SignatureProblem) {
        let key = try head.signedValue(of: .caKey)
        let signature = try head.signedValue(of: .caSignature)
        let algorithm: SignatureAlgorithm?
        switch try head.signedValue(of: .caSignatureMethod) {
        case nil, "HmacSHA256": algorithm = .sha256
        case "HmacSHA1": algorithm = .sha1
        default: algorithm = nil
        }
        let names = (try head.signedValue(of: .caSignatureHeaders) ?? "").split(separator: ",").map { String($0.trimmingSpaces) }
        try self.init(.caFields, key: key, algorithm: algorithm, signature: signature, names: names.filter { !$0.isEmpty })
    }

    private init(_ form: Form, _ text: Substring) throws(SignatureProblem) {
        guard let parameters = AuthorizationParameters(text) else { throw SignatureProblem(.malformed, "parameters that cannot be read") }
        let algorithm = parameters["algorithm"].flatMap {
            $0.hasPrefix("hmac-") ? SignatureAlgorithm(rawValue: String($0.dropFirst(5))) : nil
        }
        // APISIX knows no SHA-384.
        let isKnown = form == .hmacScheme || algorithm != .sha384
        let names = (parameters["headers"] ?? "").split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
        try self.init(
            form, key: parameters[form == .hmacScheme ? "username" : "keyId"], algorithm: isKnown ? algorithm : nil,
            signature: parameters["signature"], names: names)
    }

    private init(
        _ form: Form, key: String?, algorithm: SignatureAlgorithm?, signature: String?, names: [String]
    ) throws(SignatureProblem) {
        guard let key, !key.isEmpty, key.utf8.count <= Self.maximumKeyLength else {
            throw SignatureProblem(.malformed, "no name of a key, or one that is too long")
        }
        guard let algorithm else { throw SignatureProblem(.unsupported, "an algorithm that is not known") }
        guard let signature = signature.flatMap(Base64.decode), !signature.isEmpty else {
            throw SignatureProblem(.malformed, "no signature in base64")
        }
        guard names.count <= Self.maximumFields, names.allSatisfy({ $0 == "@request-target" || HTTPField.Name($0) != nil }) else {
            throw SignatureProblem(.malformed, "the list of signed fields cannot be read, or is too long")
        }
        self.form = form
        self.key = key
        self.algorithm = algorithm
        self.signature = signature
        self.names = names
    }

    /// Whether something is in the list of what is signed.
    func signs(_ name: String) -> Bool { names.contains { $0.lowercased() == name } }
}

extension HTTPRequest {
    /// The value of a field that a signature speaks of; `Host` is the authority.
    ///
    /// - Throws: where it stands twice: only one of them would be signed, and it is open which one is meant.
    func signedValue(of name: HTTPField.Name) throws(SignatureProblem) -> String? {
        if name == .host { return authority }
        var value: String?
        for field in headerFields where field.name == name {
            guard value == nil else { throw SignatureProblem(.malformed, "a field of the signature stands twice") }
            value = field.value
        }
        return value
    }

    /// The same for a name as it is written in a list; nil, too, for what is no field's name.
    func signedValue(named text: String) throws(SignatureProblem) -> String? {
        guard let name = HTTPField.Name(text) else { return nil }
        return try signedValue(of: name)
    }
}

extension HTTPField.Name {
    static let caKey = known("x-ca-key")
    static let caNonce = known("x-ca-nonce")
    static let caSignature = known("x-ca-signature")
    static let caSignatureHeaders = known("x-ca-signature-headers")
    static let caSignatureMethod = known("x-ca-signature-method")
    static let caTimestamp = known("x-ca-timestamp")
    static let contentMD5 = known("content-md5")
    static let digest = known("digest")
    static let host = known("host")
    static let xDate = known("x-date")

    /// A name that is one, written above.
    private static func known(_ name: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name("\(name)") else { preconditionFailure("not a field's name") }
        return name
    }
}
