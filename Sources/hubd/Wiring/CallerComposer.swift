import HTTPTypes
import HubCore
import HubPolicy
import HubUpstream

/// Makes of the settings who may call, and what lets callers into each entry. Outlives snapshots: what slows down bad callers, and the keys
/// of issuers, are the same before and after a reload, which looks for newer keys.
struct CallerComposer: Sendable {
    let keySets: RemoteKeySets
    private let brake = FailureBrake()
    private let replays = ReplayGuard()
    /// Since when signed requests are remembered.
    private let start = Timekeeper.secondsSince1970
    private let timers: TimerTable

    init(registry: UpstreamRegistry, timers: TimerTable) {
        keySets = RemoteKeySets(registry: registry)
        self.timers = timers
    }

    /// What lets callers in.
    struct Doors: Sendable {
        /// Into each entry that asks for a credential.
        var entries: [EntryKey: any Authenticator]
        /// Who finds out who asks for the catalogue; nil where every server and agent is open.
        var catalogue: (any Authenticator)?
    }

    /// What lets callers into each entry that asks for a credential, and finds out who asks for the catalogue.
    ///
    /// - Parameters:
    ///   - secrets: what the references are; nil: neither secrets nor the network are used.
    ///   - reason: why keys are wanted.
    ///   - findings: hears of keys that stand twice, of files that hold no keys, and of issuers that cannot be reached.
    func authenticators(
        _ settings: Settings, secrets: [SecretReference: Secret]?, reason: FetchSchedule.Reason, _ findings: inout FindingCollector
    ) async -> Doors {
        let directory = directory(of: settings.consumers, secrets: secrets, &findings)
        let issuers = await issuers(settings, secrets: secrets, reason: reason, &findings)
        let verifier = TokenVerifier(issuers: issuers)
        let signatures = SignatureVerifier(
            skew: settings.signatureSkew.components.seconds, allowsSHA1: settings.allowsSHA1, notBefore: start, replays: replays)
        let known = Set(settings.issuers.map(\.issuer))
        var resources: [TokenDoor.Resource] = []
        let entries: [EntryKey: any Authenticator] = settings.auth.reduce(into: [:]) { authenticators, item in
            guard case .asked(let rules) = item.value else { return }
            let resource = ResourceDocuments.resource(of: item.key.name, item.value, publicURL: settings.publicURL)
            let servers = Set(rules.oauth?.authorizationServers ?? [])
            let tokenResource = resource.map {
                TokenDoor.Resource(resource: $0, issuers: servers, openIssuers: servers.subtracting(known))
            }
            if item.key.kind == .mcp, let tokenResource { resources.append(tokenResource) }
            let door = TokenDoor(
                verifier: verifier, consumerIssuers: rules.kinds.contains(.jwt) ? known : [], resources: tokenResource.map { [$0] } ?? [],
                directory: directory
            ) { Timekeeper.secondsSince1970 }
            let places = CredentialPlaces(headers: rules.keyHeaders.compactMap { HTTPField.Name($0) }, parameters: rules.keyParameters)
            let takesTokens = !rules.kinds.isDisjoint(with: [.jwt, .oauth])
            authenticators[item.key] = EntryAuthenticator(
                EntryAuthenticator.Rules(kinds: rules.kinds, places: places), directory: directory, tokens: takesTokens ? door : nil,
                signatures: rules.kinds.contains(.hmac) ? signatures : nil, resource: resource, brake: brake, timers: timers
            ) { Timekeeper.secondsSince1970 }
        }
        // A caller of the catalogue shows the credential of any server or agent.
        let listed = settings.exposedServers.map(\.auth) + settings.agents.map(\.auth)
        let asked = listed.compactMap { if case .asked(let rules) = $0 { rules } else { nil } }
        guard !asked.isEmpty else { return Doors(entries: entries) }
        let kinds = Set(asked.flatMap(\.kinds))
        let door = TokenDoor(
            verifier: verifier, consumerIssuers: kinds.contains(.jwt) ? known : [], resources: resources, directory: directory
        ) { Timekeeper.secondsSince1970 }
        let places = CredentialPlaces(
            headers: asked.flatMap(\.keyHeaders).compactMap { HTTPField.Name($0) }, parameters: asked.flatMap(\.keyParameters))
        let catalogue = EntryAuthenticator(
            EntryAuthenticator.Rules(kinds: kinds, places: places), directory: directory,
            tokens: kinds.isDisjoint(with: [.jwt, .oauth]) ? nil : door, signatures: kinds.contains(.hmac) ? signatures : nil,
            brake: brake, timers: timers
        ) { Timekeeper.secondsSince1970 }
        return Doors(entries: entries, catalogue: CatalogueAuthenticator(places: places, base: catalogue))
    }

    // MARK: Consumers

    private func directory(
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
            for key in entry.signingKeys {
                guard let secret = secrets?[key.secret], !directory.add(signingKey: key.name.value, secret: secret, of: consumer) else {
                    continue
                }
                findings.error("another signing key has this name", hint: "rename one of them", at: key.name.place)
            }
            for tokens in entry.tokens where !directory.add(tokensOf: tokens.issuer.value, with: tokens.claims, of: consumer) {
                findings.error("these tokens are another consumer's already", hint: "tell them apart by claims", at: tokens.issuer.place)
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

    // MARK: Issuers

    /// Those of `identity.jwt`, and the authorization servers that nothing else is said of.
    private func issuers(
        _ settings: Settings, secrets: [SecretReference: Secret]?, reason: FetchSchedule.Reason, _ findings: inout FindingCollector
    ) async -> [TokenIssuer] {
        var issuers: [TokenIssuer] = []
        var remote: [(keys: RemoteKeys, issuer: String, place: SourcePlace)] = []
        for entry in settings.issuers {
            let keys: any KeySource
            switch entry.keys {
            case .url(let url):
                let set = keySets.keys(at: .keySet(url))
                remote.append((set, entry.issuer, entry.place))
                keys = set
            case .file(let file): keys = FixedKeys(Self.keySet(in: file, &findings))
            case .secret(let reference): keys = FixedKeys(Self.keySet(of: secrets?[reference], entry, &findings))
            }
            issuers.append(
                TokenIssuer(
                    issuer: entry.issuer, algorithms: entry.algorithms, audiences: entry.audiences, consumerClaim: entry.consumer,
                    groupsClaim: entry.groups, keys: keys))
        }
        for case (_, .asked(let rules)) in settings.auth {
            for server in rules.oauth?.authorizationServers ?? [] where !issuers.contains(where: { $0.issuer == server }) {
                let set = keySets.keys(at: .issuer(server))
                remote.append((set, server, rules.place))
                // Without an audience of its own: an access token is for the entry that asks, and for no other.
                issuers.append(TokenIssuer(issuer: server, algorithms: IssuerEntry.asymmetric, keys: set))
            }
        }
        guard secrets != nil else { return issuers }
        await keySets.fetch(for: reason)
        for (keys, issuer, place) in remote {
            guard let problem = keys.problem else { continue }
            findings.warning(
                "the keys of \(issuer) are not available: \(problem)", hint: "its tokens are refused; it is tried again by itself",
                at: place)
        }
        return issuers
    }

    private static func keySet(in file: Placed<String>, _ findings: inout FindingCollector) -> KeySet {
        do {
            let keys = try KeySet(parsing: FileAccess.read(file.value, limit: KeySet.maximumLength))
            for problem in keys.problems { findings.warning("\(file.value): \(problem)", hint: nil, at: file.place) }
            return keys
        } catch {
            findings.error("cannot be read: \(error)", hint: nil, at: file.place)
            return KeySet([])
        }
    }

    private static func keySet(of secret: Secret?, _ entry: IssuerEntry, _ findings: inout FindingCollector) -> KeySet {
        guard let secret else { return KeySet([]) }
        do throws(KeyProblem) {
            return KeySet([try VerificationKey(secret: secret, algorithms: entry.algorithms)])
        } catch {
            findings.error("the secret of \(entry.issuer) cannot be used: \(error)", hint: nil, at: entry.place)
            return KeySet([])
        }
    }
}
