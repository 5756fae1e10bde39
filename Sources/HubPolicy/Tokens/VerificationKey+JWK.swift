import Crypto
import CryptoExtras
import HubCore

extension VerificationKey {
    /// The sizes of RSA keys in bits: less is broken (RFC 7518 §3.3), more is a way to make the hub work.
    static let rsaBits = 2048...8192

    /// A public key as a JSON Web Key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). Private members are not looked at.
    ///
    /// - Throws: `KeyProblem` where it is not for signatures, not of a kind the hub knows, or not a sound key. Symmetric keys are refused:
    ///   whoever can read them where they are published could sign.
    init(jwk: JSONValue) throws(KeyProblem) {
        guard jwk.kind == .object else { throw KeyProblem("no object") }
        if let use = jwk["use"], !use.isString("sig") { throw KeyProblem("not for signatures") }
        if let operations = jwk["key_ops"], !operations.elements.contains(where: { $0.isString("verify") }) {
            throw KeyProblem("not for verifying")
        }
        guard jwk["kid"].map({ $0.kind == .string }) ?? true else { throw KeyProblem("kid is no string") }
        let id = jwk["kid"]?.string
        guard (id?.utf8.count ?? 0) <= CompactToken.maximumKeyIDLength else { throw KeyProblem("kid is too long") }
        let key = try Self.material(of: jwk)
        var algorithms = key.algorithms
        if let name = jwk["alg"] {
            guard let algorithm = name.string.flatMap(TokenAlgorithm.init(rawValue:)), algorithms.contains(algorithm) else {
                throw KeyProblem("alg is not one that fits the key")
            }
            algorithms = [algorithm]
        }
        self.init(id: id, algorithms: algorithms, material: key.material, bytes: key.bytes)
    }

    private typealias Key = (material: Material, algorithms: Set<TokenAlgorithm>, bytes: [UInt8])

    private static func material(of jwk: JSONValue) throws(KeyProblem) -> Key {
        switch jwk["kty"]?.string {
        case "RSA": try rsa(jwk)
        case "EC": try ellipticCurve(jwk)
        case "OKP": try edwardsCurve(jwk)
        case "oct": throw KeyProblem("a symmetric key")
        default: throw KeyProblem("of a kind that is not known")
        }
    }

    private static func rsa(_ jwk: JSONValue) throws(KeyProblem) -> Key {
        // Some issuers write a zero before the first byte, against RFC 7518 §6.3.1.1.
        let modulus = try bytes(jwk, "n").drop { $0 == 0 }
        let exponent = try bytes(jwk, "e").drop { $0 == 0 }
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard rsaBits.contains(bits) else { throw KeyProblem("an RSA modulus of \(bits) bits") }
        guard modulus.last.map({ $0 & 1 == 1 }) == true else { throw KeyProblem("an RSA modulus that is even") }
        guard let last = exponent.last, last & 1 == 1, exponent.count > 1 || last >= 3, exponent.count <= 4 else {
            throw KeyProblem("an RSA exponent that is even, 1, or longer than 32 bits")
        }
        guard !WeakRSA.isROCA(modulus) else { throw KeyProblem("an RSA key that can be factored (CVE-2017-15361)") }
        do {
            let key = try _RSA.Signing.PublicKey(n: Array(modulus), e: Array(exponent))
            return (.rsa(key), [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512], Array(modulus) + Array(exponent))
        } catch {
            throw KeyProblem("no RSA key")
        }
    }

    private static func ellipticCurve(_ jwk: JSONValue) throws(KeyProblem) -> Key {
        let (x, y) = (try bytes(jwk, "x"), try bytes(jwk, "y"))
        guard x.count == y.count else { throw KeyProblem("coordinates of two lengths") }
        let point = [0x04] + x + y  // SEC 1 §2.3.3, uncompressed
        do {
            switch (jwk["crv"]?.string, x.count) {
            case ("P-256", 32): return (.p256(try P256.Signing.PublicKey(x963Representation: point)), [.es256], point)
            case ("P-384", 48): return (.p384(try P384.Signing.PublicKey(x963Representation: point)), [.es384], point)
            case ("P-521", 66): return (.p521(try P521.Signing.PublicKey(x963Representation: point)), [.es512], point)
            default: throw KeyProblem("a curve that is not known, or coordinates of another length")
            }
        } catch let problem as KeyProblem {
            throw problem
        } catch {
            throw KeyProblem("a point that is not on its curve")
        }
    }

    private static func edwardsCurve(_ jwk: JSONValue) throws(KeyProblem) -> Key {
        guard jwk["crv"]?.isString("Ed25519") == true else { throw KeyProblem("a curve that is not known") }
        let x = try bytes(jwk, "x")
        do {
            return (.ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: x)), [.edDSA, .ed25519], x)
        } catch {
            throw KeyProblem("no Ed25519 key")
        }
    }

    private static func bytes(_ jwk: JSONValue, _ name: String) throws(KeyProblem) -> [UInt8] {
        guard let bytes = jwk[name]?.string.flatMap(Base64.decodeURLSafe), !bytes.isEmpty else {
            throw KeyProblem("\(name) is not there, or not base64url")
        }
        return bytes
    }
}
