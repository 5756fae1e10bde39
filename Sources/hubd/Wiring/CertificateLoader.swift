import FoundationEssentials
import HubCore
import HubServer
import NIOCore

/// A certificate as its files were when they were read.
struct LoadedCertificate: Sendable {
    /// What names the files.
    var entry: TLSEntry
    /// The state of each of `entry.files` before it was read: one that changes meanwhile is read again.
    var stamps: [FileStamp?]
    /// What was made of them.
    var identity: TLSIdentity
    /// The private key it was made of.
    var key: Secret
}

/// Reads the certificates that settings name.
struct CertificateLoader: Sendable {
    /// The largest certificate file.
    static let maximumBytes = 1 << 20

    /// What references to keys are.
    let secrets: SecretKeeper

    /// All of them, with what is wrong. Without `readsKeys`, as for `hubd check --offline`, only the certificates are looked at.
    func load(_ entries: [TLSEntry], readsKeys: Bool = true) async -> (certificates: [LoadedCertificate], findings: [ConfigFinding]) {
        var certificates: [LoadedCertificate] = []
        var findings: [ConfigFinding] = []
        for entry in entries {
            do throws(ConfigFinding) {
                guard readsKeys else {
                    try check(entry)
                    continue
                }
                let certificate = try await load(entry)
                certificates.append(certificate)
                if certificate.identity.expires < Int64(Date().timeIntervalSince1970) {
                    findings.append(
                        ConfigFinding(
                            severity: .warning, message: "the certificate has expired", hint: "a new file is taken up by itself",
                            place: entry.certificate.place))
                }
            } catch {
                findings.append(error)
            }
        }
        return (certificates, findings)
    }

    /// One of them.
    func load(_ entry: TLSEntry) async throws(ConfigFinding) -> LoadedCertificate {
        let stamps = entry.files.map { FileStamp($0) }
        let key = try await secrets.value(of: entry.key)
        let material = TLSMaterial(
            names: entry.names, certificate: try read(entry.certificate), key: key,
            clientAuthorities: try entry.clientAuthorities.map { file throws(ConfigFinding) in try read(file) })
        do throws(TLSMaterialError) {
            return LoadedCertificate(entry: entry, stamps: stamps, identity: try TLSIdentity(material), key: key)
        } catch {
            throw finding(error, in: entry)
        }
    }

    /// Whether a certificate is to be read again: one of its files is another one, or its key is.
    func isChanged(_ certificate: LoadedCertificate, stamps: [FileStamp?]) async -> Bool {
        guard stamps == certificate.stamps else { return true }
        guard certificate.entry.key.scheme != .file, certificate.entry.key.scheme != .environment else { return false }
        // A key that cannot be read at present stays as it is; the keeper says so.
        guard let key = try? await secrets.value(of: certificate.entry.key) else { return false }
        return key != certificate.key
    }

    private func check(_ entry: TLSEntry) throws(ConfigFinding) {
        let certificate = try read(entry.certificate)
        let authorities = try entry.clientAuthorities.map { file throws(ConfigFinding) in try read(file) }
        do throws(TLSMaterialError) {
            try TLSIdentity.check(certificate: certificate, part: .certificate)
            if let authorities { try TLSIdentity.check(certificate: authorities, part: .clientAuthorities) }
        } catch {
            throw finding(error, in: entry)
        }
    }

    private func read(_ file: Placed<String>) throws(ConfigFinding) -> ByteBuffer {
        do {
            return try FileAccess.read(file.value, limit: Self.maximumBytes)
        } catch {
            throw ConfigFinding(severity: .error, message: "cannot be read: \(error)", hint: nil, place: file.place)
        }
    }

    private func finding(_ error: TLSMaterialError, in entry: TLSEntry) -> ConfigFinding {
        let (subject, place) =
            switch error.part {
            case .certificate: ("the certificate", entry.certificate.place)
            case .key: ("the key", entry.key.place)
            case .clientAuthorities: ("the file of clientCA", entry.clientAuthorities?.place ?? entry.certificate.place)
            }
        return ConfigFinding(severity: .error, message: "\(subject) cannot be used: \(error.message)", hint: nil, place: place)
    }
}
