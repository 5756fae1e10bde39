import HubCore
import NIOCore

/// What the signatures of an agent's card are worth. The card that callers see has other addresses, so that they do not hold for it.
public enum CardProvenance: Sendable, Hashable {
    /// There are none.
    case unsigned
    /// The key of this name has signed it.
    case verified(keyID: String)
    /// Nobody whose key is known has signed it.
    case unknownKey
    /// Somebody has signed something else under a name that is known.
    case invalid
}

/// The keys that cards may be signed with.
public struct CardKeys: Sendable {
    /// Whether a signature is that of a key; nil where there is no such key, or it is for no such algorithm.
    ///
    /// Gets the key's name (`kid`), the algorithm (`alg`, RFC 7518 §3.1), the signature, and what was signed. The algorithm is the card's word: a
    /// key that is not for it must not be used.
    public typealias Verify = @Sendable (_ keyID: String, _ algorithm: String, _ signature: [UInt8], _ input: [UInt8]) -> Bool?

    let verify: Verify

    /// No keys.
    public init() { verify = { _, _, _, _ in nil } }

    /// Keys that somebody else keeps.
    public init(_ verify: @escaping Verify) { self.verify = verify }
}

/// Signatures of cards: detached ones of RFC 7515 over the canonical form (RFC 8785) of the card without them (1.0 §8.4).
///
/// What that form is, signers see differently, and each of these is taken:
///
/// 1. the card as it is written (the specification);
/// 2. the same without nulls, empty texts, arrays and objects;
/// 3. what a reader of 1.0 knows of it, without such (the SDKs, which read it into their model first).
///
/// Each of them fixes all that the hub reads of a card. Keys are not fetched from where a card says they are.
enum CardSignatures {
    /// The most signatures that are looked at.
    private static let maximumCount = 8
    private static let limits = JSONLimits(maximumBytes: 4 << 20, maximumDepth: 128, maximumValues: 1 << 18, duplicateKeys: .refuse)

    /// What the signatures of a card are worth.
    ///
    /// - Parameters:
    ///   - card: as it was read.
    ///   - root: as it is written.
    static func provenance(of card: AgentCard, written root: JSONValue, keys: CardKeys) -> CardProvenance {
        guard !card.signatures.isEmpty else { return .unsigned }
        let payloads = [canonical(root, isPruned: false), canonical(root, isPruned: true), canonical(card)].compactMap { $0 }
        var verdict = CardProvenance.unknownKey
        for signature in card.signatures.prefix(maximumCount) {
            guard let header = Header(signature), let bytes = Base64.decodeURLSafe(signature.signature) else { continue }
            for payload in payloads {
                switch keys.verify(header.keyID, header.algorithm, bytes, input(signature.protected, payload)) {
                case true?: return .verified(keyID: header.keyID)
                case false?: verdict = .invalid
                case nil: break
                }
            }
        }
        return verdict
    }

    /// The canonical form of a card in the words of 1.0, as it is signed; nil where it has none.
    static func canonical(_ card: AgentCard) -> ByteBuffer? {
        var card = card
        card.signatures = []
        // One that is too large cannot be signed.
        guard let document = try? JSONDocument(parsing: card.json(.v1_0), limits: limits) else { return nil }
        return canonical(document.root, isPruned: true)
    }

    private static func canonical(_ root: JSONValue, isPruned: Bool) -> ByteBuffer? {
        var tree = JSONTree(root)
        if case .object(var object) = tree {
            object["signatures"] = nil
            tree = .object(object)
        }
        if isPruned { tree = pruned(tree) ?? .object([:]) }
        return try? CanonicalJSON.bytes(parsing: tree.bytes, limits: limits)  // nil cannot be signed
    }

    /// A value without nulls, empty texts, arrays and objects in it; nil where nothing is left.
    private static func pruned(_ tree: JSONTree) -> JSONTree? {
        switch tree {
        case .null: return nil
        case .bool, .number: return tree
        case .string(let text): return text.isEmpty ? nil : tree
        case .array(let elements):
            let kept = elements.compactMap(pruned)
            return kept.isEmpty ? nil : .array(kept)
        case .object(let object):
            var kept = JSONObject()
            for (name, value) in object { kept[name] = pruned(value) }
            return kept.isEmpty ? nil : .object(kept)
        }
    }

    /// What is signed (RFC 7515 §5.1).
    static func input(_ protected: String, _ payload: ByteBuffer) -> [UInt8] {
        Array("\(protected).\(Base64.encodeURLSafe(Array(payload.readableBytesView)))".utf8)
    }

    /// What a signature's protected header says.
    private struct Header {
        var algorithm: String
        var keyID: String

        /// Nil for a header that cannot be read, or that asks for more than this (`crit`, RFC 7515 §4.1.11).
        init?(_ signature: CardSignature) {
            guard let bytes = Base64.decodeURLSafe(signature.protected),
                let root = try? JSONDocument(parsing: ByteBuffer(bytes: bytes), limits: CardSignatures.limits).root,
                root["crit"] == nil, let algorithm = root["alg"]?.string, let keyID = root["kid"]?.string
            else { return nil }
            (self.algorithm, self.keyID) = (algorithm, keyID)
        }
    }
}
