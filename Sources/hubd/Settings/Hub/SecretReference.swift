import HubCore
import NIOCore

/// Which secret references a field takes.
enum SecretPlace: Sendable {
    /// A credential.
    case credential
    /// The key that seals what the hub stores.
    case masterKey

    /// The schemes, those of this version first.
    var schemes: [SecretReference.Scheme] {
        switch self {
        case .credential: [.environment, .file, .store, .vault, .awsSecrets, .alibabaKMS]
        case .masterKey: [.environment, .file, .vault, .awsKMS, .alibabaKMS]
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

        /// Whether this version can read it.
        var isImplemented: Bool { self == .environment || self == .file }

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
        case .file, .awsKMS:
            return rest.isEmpty || rest.utf8.contains(0) ? nil : (String(rest), nil)
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

    /// Reads the secret: a variable, or a file without its last line break.
    ///
    /// - Throws: `ConfigFinding` at the place of the reference; it names the variable or the path, never what is in it.
    func resolve(environment: [String: String], files: ConfigFiles = .disk) throws(ConfigFinding) -> Secret {
        switch scheme {
        case .environment:
            guard let value = environment[name], !value.isEmpty else {
                throw failure("the environment variable \(name) is not set", hint: "set it for hubd, or name another")
            }
            return Secret(value)
        case .file:
            return try resolveFile(files)
        case .store, .vault, .awsSecrets, .awsKMS, .alibabaKMS:
            throw failure("\"\(scheme.rawValue):\" is not in this version", hint: "write env:NAME or file:PATH")
        }
    }

    private func resolveFile(_ files: ConfigFiles) throws(ConfigFinding) -> Secret {
        let bytes: ByteBuffer
        do {
            bytes = try files.read(name, Self.maximumFileBytes)
        } catch {
            throw failure("the secret file \(name) cannot be read: \(error.reason)", hint: nil)
        }
        var text = bytes.readableBytesView[...]
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        guard !text.isEmpty else { throw failure("the secret file \(name) is empty", hint: nil) }
        guard let value = String(validating: text, as: UTF8.self) else {
            throw failure("the secret file \(name) is not UTF-8 text", hint: nil)
        }
        return Secret(value)
    }

    private func failure(_ message: String, hint: String?) -> ConfigFinding {
        ConfigFinding(severity: .error, message: message, hint: hint, place: place)
    }
}
