import HubCore
public import NIOCore

/// The keys of one issuer at one time. Immutable; a newer set replaces it as a whole.
public struct KeySet: Sendable {
    /// The longest key set in bytes.
    public static let maximumLength = 64 << 10
    /// The most keys of one set.
    public static let maximumCount = 100

    private static let limits = JSONLimits(maximumBytes: maximumLength, maximumDepth: 16, maximumValues: 8192, duplicateKeys: .refuse)

    /// The keys that can be used.
    public let keys: [VerificationKey]
    /// What was wrong with the others, in words for an operator.
    public let problems: [String]
    private let fingerprints: Set<KeyDigest>

    /// A set of keys.
    public init(_ keys: [VerificationKey], problems: [String] = []) {
        self.keys = keys
        self.problems = problems
        fingerprints = Set(keys.map(\.fingerprint))
    }

    /// A JSON Web Key Set (RFC 7517 §5): at most 64 KiB and 100 keys. A key that cannot be used costs only itself.
    ///
    /// - Throws: `KeyProblem` where it is no key set; one without a single usable key is one.
    public init(parsing bytes: ByteBuffer) throws(KeyProblem) {
        let root: JSONValue
        do {
            root = try JSONDocument(parsing: bytes, limits: Self.limits).root
        } catch {
            throw KeyProblem("not a key set: \(error)")
        }
        guard let list = root["keys"], list.kind == .array else { throw KeyProblem("not a key set: no list of keys") }
        guard list.count <= Self.maximumCount else { throw KeyProblem("more than \(Self.maximumCount) keys") }
        var (keys, problems) = ([VerificationKey](), [String]())
        for (index, jwk) in list.elements.enumerated() {
            do throws(KeyProblem) {
                keys.append(try VerificationKey(jwk: jwk))
            } catch {
                problems.append("key \(index + 1): \(error)")
            }
        }
        self.init(keys, problems: problems)
    }

    /// Whether the set has a key just like the one that has this fingerprint.
    func contains(_ fingerprint: KeyDigest) -> Bool { fingerprints.contains(fingerprint) }

    /// The key for a token.
    ///
    /// 1. A token that names a key gets the one of that name that is for its algorithm.
    /// 2. It gets the only key of the set, too, if that has no name.
    /// 3. A token that names none gets the only key that is for its algorithm.
    /// 4. Where two would do, none does.
    func key(id: String?, algorithm: TokenAlgorithm) throws(TokenProblem) -> VerificationKey {
        let fitting = keys.filter { $0.algorithms.contains(algorithm) }
        var found = fitting
        if let id {
            found = fitting.filter { $0.id.map { $0.utf8.elementsEqual(id.utf8) } ?? (keys.count == 1) }
        }
        guard let key = found.first else { throw TokenProblem(.unknownKey, "no key fits") }
        guard found.count == 1 else { throw TokenProblem(.unknownKey, "more than one key fits") }
        return key
    }
}

/// Where the keys of an issuer are kept: replaced while calls run, whenever the issuer publishes others.
public protocol KeySource: Sendable {
    /// The last good set.
    var current: KeySet { get }
    /// Looks for a newer set. Bounds by itself how often it really asks, so that tokens with invented keys cost the issuer nothing.
    func refresh() async
}

/// Keys that stay as they are: a shared secret, or a file that was read with the configuration.
public struct FixedKeys: KeySource {
    /// The set.
    public let current: KeySet

    /// Keys that stay as they are.
    public init(_ keys: KeySet) {
        current = keys
    }

    /// Nothing is newer.
    public func refresh() async {}
}
