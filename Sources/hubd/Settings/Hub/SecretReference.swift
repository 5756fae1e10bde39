import HubCore

/// Which secret references a field takes.
enum SecretPlace: Sendable {
    /// A credential.
    case credential
    /// The key that seals what the hub stores.
    case masterKey
    /// What opens a place that keeps secrets: it must be at hand before.
    case storeAccess

    /// The schemes.
    var schemes: [SecretReference.Scheme] {
        switch self {
        case .credential: [.environment, .file, .store, .vault, .awsSecrets, .alibabaKMS]
        case .masterKey: [.environment, .file, .vault, .awsKMS, .alibabaKMS]
        case .storeAccess: [.environment, .file, .store]
        }
    }
}

/// Where a secret is kept. The configuration holds references; the value is read when the hub is wired.
struct SecretReference: Sendable, Hashable {
    /// The kinds of places.
    enum Scheme: String, Sendable, CaseIterable {
        case environment = "env"
        case file
        case store
        case vault
        case awsSecrets = "aws-secrets"
        case awsKMS = "aws-kms"
        case alibabaKMS = "alibaba-kms"

        /// Whether it is read over the network.
        var isRemote: Bool {
            switch self {
            case .environment, .file, .store: false
            case .vault, .awsSecrets, .awsKMS, .alibabaKMS: true
            }
        }

        /// How it is written.
        var form: String {
            switch self {
            case .environment: "env:NAME"
            case .file: "file:PATH"
            case .store: "store:NAME"
            case .vault: "vault:PATH#FIELD"
            case .awsSecrets: "aws-secrets:ID#FIELD"
            case .awsKMS: "aws-kms:ID"
            case .alibabaKMS: "alibaba-kms:NAME#FIELD"
            }
        }
    }

    /// The largest secret file.
    static let maximumFileBytes = 64 << 10

    /// The kind of place.
    var scheme: Scheme
    /// The variable, the path as the process can open it, or the identifier.
    var name: String
    /// The field inside it, where the scheme has one.
    var field: String?
    /// Where the reference is written.
    var place: SourcePlace

    /// A reference, or nil where `text` is none. Paths start from `directory`.
    init?(_ text: String, directory: String, place: SourcePlace) {
        guard let scheme = Self.scheme(of: text), let parts = Self.parts(of: text, scheme: scheme) else { return nil }
        self.scheme = scheme
        self.name = scheme == .file ? ConfigFile.join(directory, parts.name) : parts.name
        self.field = parts.field
        self.place = place
    }

    /// The scheme that a text begins with.
    static func scheme(of text: String) -> Scheme? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        return Scheme(rawValue: String(text[..<colon]))
    }

    /// What follows the scheme, if it is well formed.
    static func parts(of text: String, scheme: Scheme) -> (name: String, field: String?)? {
        let rest = text.dropFirst(scheme.rawValue.count + 1)
        switch scheme {
        case .environment:
            guard let first = rest.utf8.first, first &- 0x30 >= 10, rest.utf8.allSatisfy(isVariableByte) else { return nil }
            return (String(rest), nil)
        case .file:
            return rest.isEmpty || rest.utf8.contains(0) ? nil : (String(rest), nil)
        case .awsKMS:
            // "KeyId" of the KMS API Reference: an identifier, an alias, or the ARN of either.
            let signs = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/_-".utf8)
            guard (1...2048).contains(rest.utf8.count), rest.utf8.allSatisfy(signs.contains) else { return nil }
            return (String(rest), nil)
        case .store:
            return EntryName.isValid(String(rest)) ? (String(rest), nil) : nil
        case .vault, .awsSecrets, .alibabaKMS:
            guard let hash = rest.lastIndex(of: "#"), hash != rest.startIndex, rest.index(after: hash) != rest.endIndex else { return nil }
            return (String(rest[..<hash]), String(rest[rest.index(after: hash)...]))
        }
    }

    private static func isVariableByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// What makes two references the same secret, wherever they are written.
    struct Identity: Sendable, Hashable {
        fileprivate var scheme: Scheme
        fileprivate var name: String
        fileprivate var field: String?
    }

    /// Which secret it is.
    var identity: Identity { Identity(scheme: scheme, name: name, field: field) }

    /// As it is written, but with the path as the process can open it: names the secret, and says nothing of it.
    var written: String { "\(scheme.rawValue):\(name)" + (field.map { "#\($0)" } ?? "") }
}
