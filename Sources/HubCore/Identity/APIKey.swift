/// An API key in the hub's own form: `hub_<id>_<secret><checksum>`.
///
/// - `id`: 12 lower-case hexadecimal digits (48 random bits). It names the key to people, and gives nothing away.
/// - `secret`: 256 random bits, 43 characters of base64url without padding (RFC 4648 §5).
/// - `checksum`: the CRC-32 of all that stands before it, 6 digits in base 62 (`0-9A-Za-z`, zeros in front), as keys of other services have
///   it: a scanner knows a leaked key from other text, and the hub a mistyped one, without asking anybody.
///
/// The hub keeps only the SHA-256 of a key; keys of any other form are as good, if they are long enough (`minimumBytes`).
public struct APIKey: Sendable, Hashable {
    /// How a text is to be taken.
    public enum Reading: Sendable, Hashable {
        /// A key of this form with a right checksum.
        case key(APIKey)
        /// Begins as a key of this form does, and is none: mistyped, cut off, or made up. It can be refused without a look-up.
        case damaged
        /// A key of another form, to be looked up.
        case other
    }

    /// The random bytes that a key is made of.
    public static let randomBytes = 38
    /// The shortest key of another form, in bytes.
    public static let minimumBytes = 16
    /// The longest key of another form, in bytes: what is longer is not worth a look-up.
    public static let maximumBytes = 1024

    private static let prefix = "hub_"
    private static let idLength = 12
    private static let secretLength = 43
    private static let checksumLength = 6

    /// Names the key.
    public let id: String
    /// The whole key.
    public let text: Secret

    /// A key made of random bytes; nil where there are not exactly `randomBytes`.
    public init?(random bytes: [UInt8]) {
        guard bytes.count == Self.randomBytes else { return nil }
        let digits = Array("0123456789abcdef")
        id = String(bytes.prefix(6).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        let body = Self.prefix + id + "_" + Base64.encodeURLSafe(Array(bytes.dropFirst(6)))
        text = Secret(body + Self.checksum(of: body.utf8))
    }

    private init(id: String, text: String) {
        self.id = id
        self.text = Secret(text)
    }

    /// Reads what a caller sent as a key.
    public static func read(_ text: some StringProtocol) -> Reading {
        let bytes = Array(text.utf8.prefix(maximumBytes + 1))
        let idEnd = prefix.utf8.count + idLength
        guard bytes.starts(with: prefix.utf8), bytes.count > idEnd, bytes[idEnd] == UInt8(ascii: "_"),
            bytes[prefix.utf8.count..<idEnd].allSatisfy(isHexadecimal)
        else { return .other }
        let body = bytes.dropLast(checksumLength)
        guard bytes.count == idEnd + 1 + secretLength + checksumLength,
            bytes.suffix(checksumLength).elementsEqual(checksum(of: body).utf8),
            let secret = String(validating: body[(idEnd + 1)...], as: UTF8.self), let random = Base64.decodeURLSafe(secret),
            Base64.encodeURLSafe(random) == secret, let id = String(validating: bytes[prefix.utf8.count..<idEnd], as: UTF8.self)
        else { return .damaged }
        return .key(APIKey(id: id, text: String(text)))
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }

    private static func checksum(of bytes: some Sequence<UInt8>) -> String {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        var rest = Int(CRC32.checksum(bytes))
        var digits: [Character] = []
        for _ in 0..<checksumLength {  // 62^6 is more than 2^32
            digits.append(alphabet[rest % alphabet.count])
            rest /= alphabet.count
        }
        return String(digits.reversed())
    }
}
