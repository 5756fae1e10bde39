import Crypto
import HubCore
import NIOCore

@testable import HubPolicy

/// The reader of tokens and of key sets: an input is a token, a header, claims and a key set by turns.
enum TokenSubject: Subject {
    static let name = "token"

    private static let now: Int64 = 1_795_996_800
    private static let secret = "a secret of 64 bytes or more, shared by the issuer and the hub.."
    private static let header = Array(#"{"alg":"HS256","kid":"h1"}"#.utf8)
    private static let claims = Array(#"{"iss":"https://issuer.test","aud":"hub","sub":"alice","exp":1795997400}"#.utf8)

    private static func verifier() -> TokenVerifier {
        guard let key = try? VerificationKey(secret: Secret(secret), id: "h1") else { fatalError("the secret is long enough") }
        let issuer = TokenIssuer(
            issuer: "https://issuer.test", algorithms: Set(TokenAlgorithm.allCases), audiences: ["hub"], consumerClaim: ClaimPath("a.b"),
            groupsClaim: ClaimPath("realm_access.roles"), keys: FixedKeys(KeySet([key])))
        return TokenVerifier(issuers: [issuer])
    }

    private static func signed(_ header: [UInt8], _ claims: [UInt8]) -> String {
        let input = Base64.encodeURLSafe(header) + "." + Base64.encodeURLSafe(claims)
        let code = HMAC<SHA256>.authenticationCode(for: Array(input.utf8), using: SymmetricKey(data: Array(secret.utf8)))
        return input + "." + Base64.encodeURLSafe(Array(code))
    }

    static func check(_ input: ByteBuffer) {
        let bytes = Array(input.readableBytesView)
        check(token: String(decoding: bytes, as: UTF8.self))
        check(token: signed(header, bytes))
        if check(token: signed(bytes, claims)) {
            let root = try? JSONDocument(parsing: input, limits: .message).root  // the claim is what is asked
            claim(root?["alg"]?.isString("HS256") == true, "it names the one algorithm")
            for member in ["crit", "b64", "jwk"] { claim(root?[member] == nil, "nothing critical is taken") }
        }
        check(keys: input)
    }

    /// Whether a token is taken.
    @discardableResult private static func check(token: String) -> Bool {
        let verifier = verifier()
        let verified = try? verifier.verify(token, now: now)  // the verdict is what is asked
        let again = try? verifier.verify(token, now: now)
        claim((verified == nil) == (again == nil), "a verdict is the same when it is remembered")
        guard let verified else { return false }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        let spelled = parts.compactMap { Base64.decodeURLSafe(String($0)).map(Base64.encodeURLSafe) }
        claim(spelled.joined(separator: ".").utf8.elementsEqual(token.utf8), "a token has one spelling")
        claim(verified.issuer == "https://issuer.test" && verified.audiences.contains("hub"), "of the issuer, for the hub")
        claim(verified.expiry + 60 > now && verified.beginning <= now + 60, "of now")
        claim((try? verifier.verify(token, now: verified.expiry + 60)) == nil, "and not forever")
        return true
    }

    private static func check(keys input: ByteBuffer) {
        guard let set = try? KeySet(parsing: input) else { return }  // no key set, nothing to claim
        claim(set.keys.count + set.problems.count <= KeySet.maximumCount, "a set has its bound")
        for key in set.keys {
            claim(!key.algorithms.isEmpty, "a key is for something")
            claim(key.algorithms.allSatisfy { $0.minimumSecretLength == nil }, "what is published is no secret")
            for algorithm in TokenAlgorithm.allCases {
                claim(!key.isValid([], for: [], by: algorithm), "nothing is no signature")
                // To a key of small order zeros may be one (RFC 8032 §5.1.7 does not ask for another key).
                guard algorithm != .edDSA, algorithm != .ed25519 else { continue }
                claim(!key.isValid([UInt8](repeating: 0, count: 64), for: [1], by: algorithm), "zeros are no signature")
            }
        }
    }
}
