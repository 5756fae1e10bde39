/// How much of a JSON text the parser is willing to read, and what it makes of repeated member names.
///
/// Every parse names its limits: a caller's message, an upstream's payload and an operator's description are trusted to
/// different degrees, and none of them may choose how much memory the hub spends.
public struct JSONLimits: Sendable, Hashable {
    /// What happens when an object names a member twice (RFC 8259 §4 leaves the meaning open, and parsers differ).
    public enum DuplicateKeys: Sendable, Hashable {
        /// The text parses; a look-up finds the last one, as JavaScript and Python do.
        case accept
        /// The text is an error. Names are compared after unescaping.
        case refuse
    }

    /// The longest text in bytes; at most 4 GiB − 1, because the tape holds 32-bit offsets.
    public var maximumBytes: Int
    /// How many arrays and objects may be open at once.
    public var maximumDepth: Int
    /// How many values and member names the text may hold; each costs 16 bytes of tape.
    public var maximumValues: Int
    /// What a repeated member name means.
    public var duplicateKeys: DuplicateKeys

    /// Limits with every bound named.
    public init(maximumBytes: Int, maximumDepth: Int, maximumValues: Int, duplicateKeys: DuplicateKeys) {
        self.maximumBytes = min(max(0, maximumBytes), Int(UInt32.max))
        self.maximumDepth = max(0, maximumDepth)
        self.maximumValues = min(max(1, maximumValues), Int(UInt32.max >> 1))
        self.duplicateKeys = duplicateKeys
    }

    /// A message that a caller sent: 16 MiB, 128 deep, a million values, no repeated names.
    public static let message = JSONLimits(
        maximumBytes: 16 << 20, maximumDepth: 128, maximumValues: 1 << 20, duplicateKeys: .refuse)
    /// A payload that an upstream sent and that mostly passes through: repeated names are its own affair.
    public static let payload = JSONLimits(
        maximumBytes: 64 << 20, maximumDepth: 256, maximumValues: 4 << 20, duplicateKeys: .accept)
    /// A description that the operator named, such as an OpenAPI document.
    public static let description = JSONLimits(
        maximumBytes: 64 << 20, maximumDepth: 256, maximumValues: 8 << 20, duplicateKeys: .accept)
}

/// Why a text is not JSON, or not JSON within its limits.
public struct JSONParseError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was wrong at `offset`.
    public enum Reason: String, Sendable, Hashable {
        /// The text ends inside a value.
        case unexpectedEnd = "the text ends too early"
        /// A byte that cannot stand here.
        case unexpectedByte = "unexpected character"
        /// Something follows the one value.
        case trailingBytes = "there is more after the value"
        /// A number RFC 8259 §6 does not allow.
        case badNumber = "not a valid number"
        /// A backslash with something after it that RFC 8259 §7 does not allow.
        case badEscape = "not a valid escape"
        /// Half of a surrogate pair: it stands for no character (RFC 7493 §2.1).
        case loneSurrogate = "a lone surrogate"
        /// A control character inside a string.
        case controlCharacter = "an unescaped control character in a string"
        /// Bytes that are not UTF-8 (RFC 3629).
        case badUTF8 = "not valid UTF-8"
        /// A member name that stood before in the same object.
        case duplicateKey = "a member name stands twice"
        /// Longer than the limit.
        case tooLarge = "the text is too large"
        /// Deeper than the limit.
        case tooDeep = "the text is nested too deeply"
        /// More values than the limit.
        case tooManyValues = "the text has too many values"
    }

    /// What was wrong.
    public var reason: Reason
    /// Where, in bytes from the start of the text.
    public var offset: Int

    /// The reason and the place; never any of the text itself, which may be a secret.
    public var description: String { "\(reason.rawValue) (byte \(offset))" }
}
