import Crypto

/// AES-256-GCM with a fresh random nonce for each message (NIST SP 800-38D §8.2.2): `nonce || ciphertext || tag`, 28 bytes longer than what is
/// sealed.
enum AuthenticatedSeal {
    /// Seals bytes, bound to what they are for.
    static func seal(_ bytes: [UInt8], under key: SymmetricKey, boundTo context: [UInt8]) throws(StoreError) -> [UInt8] {
        do {
            // `combined` is nil only for nonces of a size other than 96 bits.
            guard let sealed = try AES.GCM.seal(bytes, using: key, authenticating: context).combined else {
                throw CryptoKitError.incorrectParameterSize
            }
            return Array(sealed)
        } catch {
            throw StoreError(.unusable, "the value cannot be sealed")
        }
    }

    /// Opens what was sealed under the same key for the same purpose; nil for anything else.
    static func open(_ sealed: [UInt8], under key: SymmetricKey, boundTo context: [UInt8]) -> [UInt8]? {
        // Why it does not open is nobody's business, and the library does not tell it apart.
        guard let box = try? AES.GCM.SealedBox(combined: sealed), let bytes = try? AES.GCM.open(box, using: key, authenticating: context)
        else { return nil }
        return Array(bytes)
    }
}
