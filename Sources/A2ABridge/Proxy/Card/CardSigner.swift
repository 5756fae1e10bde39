public import Crypto
import FoundationEssentials
import HubCore
import NIOCore

/// Signs the hub's own cards with a key of P-256 (ES256, 1.0 §8.4).
public struct CardSigner: Sendable {
    private let key: P256.Signing.PrivateKey
    private let protected: String

    /// - Parameters:
    ///   - keyID: what verifiers know the key by (`kid`).
    ///   - keySetURL: where they find it (`jku`); nil: they have it.
    ///   - key: the key.
    public init(keyID: String, keySetURL: String? = nil, key: P256.Signing.PrivateKey) {
        self.key = key
        var json = JSONWriter()
        json.object { json in
            json.member("alg", "ES256")
            json.optional("jku", keySetURL)
            json.member("kid", keyID)
            json.member("typ", "JOSE")
        }
        protected = Base64.encodeURLSafe(Array(json.buffer.readableBytesView))
    }

    /// The card with a signature in place of those it has. One that cannot be signed has none.
    func signed(_ card: AgentCard) -> AgentCard {
        var card = card
        card.signatures = []
        guard let payload = CardSignatures.canonical(card),
            let signature = try? key.signature(for: CardSignatures.input(protected, payload))  // a key of the curve signs anything
        else { return card }
        card.signatures = [CardSignature(protected: protected, signature: Base64.encodeURLSafe(Array(signature.rawRepresentation)))]
        return card
    }
}
