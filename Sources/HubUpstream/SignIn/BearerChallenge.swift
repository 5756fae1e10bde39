import HubCore

/// What a server says of the token that it wants: the challenge `Bearer` of `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1).
struct BearerChallenge: Sendable, Hashable {
    /// What is wrong with the token that was shown, as one word.
    private(set) var error: String?
    /// The scopes that would do.
    private(set) var scopes: [String] = []
    /// Where the metadata of the resource is.
    private(set) var resourceMetadata: String?

    /// The most bytes of a header that are read.
    static let maximumBytes = 8 << 10
    private static let maximumParameters = 64

    /// Reads the first challenge `Bearer` among header values; nil where there is none.
    init?(_ values: [String]) {
        var isFound = false
        for value in values where !isFound && value.utf8.count <= Self.maximumBytes {
            var reader = Reader(bytes: Array(value.utf8))
            var isBearer = false
            for _ in 0..<Self.maximumParameters {
                guard let part = reader.next() else { break }
                switch part {
                case .scheme(let name):
                    if isFound { return }
                    isBearer = name.lowercased() == "bearer"
                    isFound = isBearer
                case .parameter(let name, let value) where isBearer: read(name.lowercased(), value)
                case .parameter: break
                }
            }
        }
        guard isFound else { return nil }
    }

    private mutating func read(_ name: String, _ value: String) {
        switch name {
        case "error": error = error ?? value
        case "scope": if scopes.isEmpty { scopes = ScopeList.read(value) }
        case "resource_metadata": resourceMetadata = resourceMetadata ?? value
        default: break
        }
    }

    private enum Part {
        case scheme(String)
        case parameter(String, String)
    }

    /// Reads challenges piece by piece. What is malformed is passed over up to the next comma.
    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func next() -> Part? {
            while index < bytes.count {
                skip { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
                let name = token()
                guard !name.isEmpty else {
                    skip { $0 != UInt8(ascii: ",") }
                    continue
                }
                let afterName = index
                skipSpace()
                guard current == UInt8(ascii: "=") else {
                    index = afterName
                    return .scheme(name)
                }
                index += 1
                skipSpace()
                if let value = current == UInt8(ascii: "\"") ? quoted() : token() { return .parameter(name, value) }
                skip { $0 != UInt8(ascii: ",") }
            }
            return nil
        }

        private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
            while let byte = current, isSkipped(byte) { index += 1 }
        }

        private mutating func skipSpace() { skip { $0 == 0x20 || $0 == 0x09 } }

        private mutating func token() -> String {
            let start = index
            skip { ASCIISet.token.contains($0) }
            return String(decoding: bytes[start..<index], as: UTF8.self)
        }

        /// A quoted string (RFC 9110 §5.6.4); nil where it does not end.
        private mutating func quoted() -> String? {
            index += 1
            var text: [UInt8] = []
            while let byte = current {
                index += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escaped = current else { return nil }
                    text.append(escaped)
                    index += 1
                default: text.append(byte)
                }
            }
            return nil
        }
    }
}

/// Scopes as requests and answers carry them (RFC 6749 §3.3).
public enum ScopeList {
    /// The most scopes that are asked for.
    public static let maximum = 64
    /// The longest scope, in bytes.
    static let maximumBytes = 256

    /// Whether a text is one scope.
    public static func isScope(_ text: String) -> Bool {
        (1...maximumBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }

    /// The scopes in a text, without what is none.
    static func read(_ text: String) -> [String] { united([text.split(separator: " ").map(String.init)]) }

    /// Those of several lists in order, each once, as many as are asked for at most.
    public static func united(_ lists: [[String]]) -> [String] {
        var seen: Set<String> = []
        var united: [String] = []
        for scope in lists.joined() where united.count < maximum && isScope(scope) && seen.insert(scope).inserted { united.append(scope) }
        return united
    }
}
