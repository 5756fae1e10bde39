import HubCore
import NIOCore

/// Reads secrets that are at hand without a network: environment variables and files; tests bring their own.
struct LocalSecrets: Sendable {
    /// The variables of the process, as they were when it started.
    var environment: [String: String]
    /// Reads a file of at most so many bytes.
    var read: @Sendable (_ path: String, _ maximumBytes: Int) throws(ConfigFileError) -> ByteBuffer = ConfigFiles.disk.read
    /// Tells one state of a file from another; nil where there is none.
    var stamp: @Sendable (_ path: String) -> FileStamp? = { FileStamp($0) }

    /// The value of an `env:` or `file:` reference; a file without its last line break.
    ///
    /// - Throws: `ConfigFinding` at the place of the reference; it names the variable or the path, never what is in it.
    func value(of reference: SecretReference) throws(ConfigFinding) -> Secret {
        switch reference.scheme {
        case .environment:
            guard let value = environment[reference.name], !value.isEmpty else {
                throw reference.finding(
                    "the environment variable \(reference.name) is not set", hint: "set it for hubd, or name another")
            }
            return Secret(value)
        case .file: return try file(reference)
        case .store, .vault, .awsSecrets, .awsKMS, .alibabaKMS: throw reference.notInThisVersion
        }
    }

    private func file(_ reference: SecretReference) throws(ConfigFinding) -> Secret {
        let name = reference.name
        let bytes: ByteBuffer
        do {
            bytes = try read(name, SecretReference.maximumFileBytes)
        } catch {
            throw reference.finding("the secret file \(name) cannot be read: \(error.reason)")
        }
        guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
            throw reference.finding("the secret file \(name) is not UTF-8 text")
        }
        let value = text.withoutLastLineBreak
        guard !value.isEmpty else { throw reference.finding("the secret file \(name) is empty") }
        return Secret(value)
    }
}

extension String {
    /// The text without one line break at its end: what editors and `echo` add, and no part of a secret.
    var withoutLastLineBreak: String {
        var bytes = utf8[...]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return String(Substring(bytes))
    }
}

extension SecretReference {
    /// An error at the place of the reference.
    func finding(_ message: String, hint: String? = nil) -> ConfigFinding {
        ConfigFinding(severity: .error, message: message, hint: hint, place: place)
    }

    /// That no back end is there for it.
    var notInThisVersion: ConfigFinding {
        finding("\"\(scheme.rawValue):\" is not in this version", hint: "write env:NAME, file:PATH or store:NAME")
    }
}
