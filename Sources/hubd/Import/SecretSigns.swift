import HubCore

/// Tells what must never be written down from a request that somebody made.
enum SecretSigns {
    private static let words: Set<String> = [
        "authorization", "auth", "token", "secret", "password", "passwd", "pwd", "apikey", "accesskey", "session", "sid", "credential",
        "credentials", "signature", "sig", "csrf", "xsrf", "jwt", "bearer",
    ]
    private static let parts = ["token", "secret", "password", "apikey", "accesskey", "credential", "signature", "authorization"]
    /// Where only the value is kept quiet about.
    private static let doubtful: Set<String> = [
        "cookie", "assertion", "otp", "pin", "key", "code", "nonce", "private", "ssn", "iban", "card",
    ]

    /// Whether a header or a parameter of this name most likely shows who calls.
    static func isCredential(name: String) -> Bool {
        let words = Self.words(of: name)
        // The marks of pages are called tokens too.
        if !Set(words).isDisjoint(with: ["page", "next", "cursor", "continuation", "sync"]) { return false }
        let joined = words.joined()
        return joined == "key" || words.contains { Self.words.contains($0) } || parts.contains { joined.contains($0) }
    }

    /// Whether a value of this name must not be shown as an example.
    static func isSecret(name: String) -> Bool {
        let words = Self.words(of: name)
        return words.contains { Self.words.contains($0) || doubtful.contains($0) } || parts.contains { words.joined().contains($0) }
    }

    /// Whether a value looks as if a machine had made it up.
    static func isOpaque(_ value: String) -> Bool {
        if ["eyJ", "sk-", "sk_", "pk_", "ghp_", "gho_", "xox"].contains(where: { value.hasPrefix($0) }) || isUUID(value) { return true }
        return value.utf8.split { !isLetter($0) && !isDigit($0) }.contains { run in
            guard run.count >= 16 else { return false }
            let capitals = run.count { $0 &- 0x41 < 26 }
            return run.count >= 32 || run.count >= 20 && capitals >= 6 || run.contains(where: isDigit) && run.contains(where: isLetter)
        }
    }

    /// Whether a value is 8-4-4-4-12 hexadecimal digits.
    static func isUUID(_ value: String) -> Bool {
        value.utf8.count == 36 && value.split(separator: "-").map(\.utf8.count) == [8, 4, 4, 4, 12]
            && value.utf8.allSatisfy { isDigit($0) || ($0 | 0x20) &- 0x61 < 6 || $0 == 0x2D }
    }

    /// The words of a name, in lower case: `X-Api-Key`, `apiKey` and `api_key` alike.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        var word = ""
        var wasLower = false
        for character in name.prefix(200) {
            let belongs = character.isLetter || character.isNumber
            if !belongs || character.isUppercase && wasLower {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if belongs { word += character.lowercased() }
            wasLower = character.isLowercase || character.isNumber
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
}

/// How a request showed who sent it, without what it showed.
enum SeenCredential: Hashable {
    case bearer
    case basic
    case header(String)
    case query(String)
    case cookie

    /// How many of one endpoint are looked at.
    static let maximum = 10

    /// The credentials of a request, the plainest first.
    static func all(of request: SeenRequest) -> [SeenCredential] {
        var found: [SeenCredential] = []
        if request.hasPassword || request.url.hasUser { found.append(.basic) }
        for (name, value) in request.headers {
            switch name.lowercased() {
            case "authorization":
                let scheme = value.prefix { $0 != " " }.lowercased()
                found.append(scheme == "bearer" ? .bearer : scheme == "basic" ? .basic : .header("Authorization"))
            case "cookie": found.append(.cookie)
            case "proxy-authorization": break
            default: if SecretSigns.isCredential(name: name) { found.append(.header(name)) }
            }
        }
        for (name, _) in request.url.query where SecretSigns.isCredential(name: name) { found.append(.query(name)) }
        return Array(found.prefix(maximum))
    }
}
