import HTTPTypes
import HubCore
import HubPolicy

/// Makes of the settings who may call, and what lets callers into each entry.
struct CallerComposer: Sendable {
    let brake = FailureBrake()
    let timers: TimerTable

    /// Who may call.
    ///
    /// - Parameters:
    ///   - secrets: what the references are; nil: none is read.
    ///   - findings: hears of keys that stand twice.
    func directory(
        of consumers: [ConsumerEntry], secrets: [SecretReference: Secret]?, _ findings: inout FindingCollector
    ) -> ConsumerDirectory {
        var directory = ConsumerDirectory()
        for entry in consumers {
            let consumer = ConsumerDirectory.Consumer(name: entry.name, groups: entry.groups)
            directory.add(consumer)
            for key in entry.keys {
                guard let (digest, place) = Self.digest(of: key, secrets) else { continue }
                guard !directory.add(key: digest, of: consumer) else { continue }
                findings.error(
                    "this key of \(entry.name) stands here a second time", hint: "make another with `hubd keys new \(entry.name)`",
                    at: place)
            }
        }
        return directory
    }

    private static func digest(
        of key: ConsumerEntry.Key, _ secrets: [SecretReference: Secret]?
    ) -> (digest: KeyDigest, place: SourcePlace)? {
        switch key {
        case .sha256(let hash): KeyDigest(hexadecimal: hash.value).map { ($0, hash.place) }
        case .value(let reference): secrets?[reference].map { (KeyDigest(of: $0.revealed), reference.place) }
        }
    }

    /// What lets callers into an entry; nil for one that is open.
    func authenticator(for auth: EntryAuth, _ directory: ConsumerDirectory) -> (any Authenticator)? {
        guard case .asked(let rules) = auth else { return nil }
        let places = CredentialPlaces(headers: rules.keyHeaders.compactMap { HTTPField.Name($0) }, parameters: rules.keyParameters)
        return EntryAuthenticator(
            EntryAuthenticator.Rules(kinds: rules.kinds, places: places), directory: directory, brake: brake, timers: timers)
    }
}
