import HubCore
import HubUpstream
import SpecIngest

/// Chooses for each operation of one server which of the operator's credentials its requests show.
///
/// 1. An operation that demands nothing shows nothing.
/// 2. Of its alternatives the first counts of whose schemes each one has a credential. One without schemes, "callers without a name are
///    welcome too", counts only where no other does.
/// 3. Where none counts, the operation is called without, and named in one finding for all of the server.
struct CredentialChooser {
    private let entry: ServerEntry
    private let schemes: [String: SecurityScheme]
    private let registry: UpstreamRegistry
    /// The schemes that are provided for, with their credentials; without them where no secret is read.
    private var provided: [String: UpstreamCredential?] = [:]
    /// What has been made, by the schemes that are shown: operations are many, and choices few.
    private var made: [[String]: OperationCredentials] = [:]
    private let hidden: Set<String>
    private var wanted: Set<String> = []
    private var count = 0
    private var unsatisfied = 0
    private var example: IngestedOperation?

    /// - Parameters:
    ///   - schemes: those of the description.
    ///   - secrets: what the references are; nil: none is read.
    ///   - registry: makes credentials of what is shown.
    ///   - findings: takes what is wrong with single credentials.
    init(
        _ entry: ServerEntry, _ schemes: [String: SecurityScheme], secrets: [SecretReference: Secret]?, registry: UpstreamRegistry,
        _ findings: inout FindingCollector
    ) {
        self.entry = entry
        self.registry = registry
        self.schemes = schemes
        hidden = Set(entry.tools.filter(\.isHidden).map(\.name))
        for given in entry.credentials ?? [] {
            let label = ConfigFinding.quoted(given.scheme)
            guard let scheme = schemes[given.scheme] else {
                findings.error(
                    "the description of \(entry.name) has no security scheme \(label)", hint: hint(for: given.scheme), at: given.place)
                continue
            }
            do throws(CredentialForm.Problem) {
                let form = try CredentialForm(scheme, username: given.username, isFetched: given.tokenService != nil)
                provided[given.scheme] = .some(nil)
                guard let secret = secrets?[given.secret] else { continue }
                if let service = given.tokenService {
                    provided[given.scheme] = Self.token(of: service, secret, &findings)
                } else {
                    provided[given.scheme] = try form.credential(secret)
                }
            } catch {
                findings.error("\(label) \(error.message)", hint: error.hint, at: given.place)
            }
        }
    }

    private static func token(of service: TokenServiceEntry, _ secret: Secret, _ findings: inout FindingCollector) -> UpstreamCredential? {
        do throws(ConfigFinding) {
            return .oauthClient(try service.service(clientSecret: secret))
        } catch {
            findings.add([error])
            return nil
        }
    }

    private func hint(for name: String) -> String {
        if case .endpoints = entry.description.value { return "endpoints written by hand have none: write `credential:` at the upstream" }
        if let near = NearestName.find(name, among: schemes.keys) { return "did you mean \"\(near)\"?" }
        let known = schemes.keys.sorted().prefix(8).map { ConfigFinding.quoted($0) }
        return known.isEmpty ? "it has none: write `credential:` at the upstream" : "it has \(ConfigFinding.listed(Array(known)))"
    }

    /// What the requests of an operation show; nil where the server has no credential at all.
    mutating func credentials(for operation: IngestedOperation) -> OperationCredentials? {
        let chosen = choose(operation)
        if let ready = made[chosen] { return ready }
        let known = provided.values.compactMap { $0 }
        guard !known.isEmpty else { return nil }
        let credentials = registry.credentials(shown: chosen.compactMap { provided[$0] ?? nil }, known: known, name: entry.name)
        made[chosen] = credentials
        return credentials
    }

    private mutating func choose(_ operation: IngestedOperation) -> [String] {
        let isHidden = hidden.contains(operation.tool.name)
        if !isHidden { count += 1 }
        for alternative in operation.security { wanted.formUnion(alternative.schemes.map(\.scheme)) }
        let satisfied = operation.security.filter { alternative in alternative.schemes.allSatisfy { provided[$0.scheme] != nil } }
        if let chosen = satisfied.first(where: { !$0.schemes.isEmpty }) { return chosen.schemes.map(\.scheme) }
        if satisfied.isEmpty, !operation.security.isEmpty, !isHidden {
            unsatisfied += 1
            example = example ?? operation
        }
        return []
    }

    /// Says which operations nothing was found for, and which credentials no operation asks for.
    ///
    /// - Parameter isLetInAnyway: whether the upstream has a credential that goes with every call.
    func finish(_ findings: inout FindingCollector, isLetInAnyway: Bool) {
        // `credentials: {}` says that none is needed.
        let isMissed = entry.credentials.map { !$0.isEmpty } ?? !isLetInAnyway
        if let example, isMissed { say(example, &findings) }
        for given in entry.credentials ?? [] where schemes[given.scheme] != nil && !wanted.contains(given.scheme) {
            findings.warning(
                "no operation of \(entry.name) asks for \(ConfigFinding.quoted(given.scheme)), so it is never sent",
                hint: "what goes with every call is `credential:` at the upstream", at: given.place)
        }
    }

    private func say(_ example: IngestedOperation, _ findings: inout FindingCollector) {
        let alternatives = example.security.prefix(4).map { alternative in
            alternative.schemes.prefix(4).map { ConfigFinding.quoted($0.scheme) + remark(on: $0.scheme) }.joined(separator: " with ")
        }
        findings.warning(
            "\(unsatisfied) of \(count) operations of \(entry.name) ask for a credential that is not here: "
                + "\(example.tool.operation) for \(ConfigFinding.listed(alternatives))",
            hint: "write it under `credentials:`, or `credentials: {}` where none is needed", at: entry.place)
    }

    private func remark(on name: String) -> String {
        guard let scheme = schemes[name] else { return " (which is not declared)" }
        switch scheme.kind {
        case .mutualTLS: return " (a client certificate, not in this version)"
        case .http(let kind) where kind != "basic" && kind != "bearer": return " (HTTP \(ConfigFinding.quoted(kind)), not in this version)"
        case .apiKey, .http, .oauth2, .openIDConnect, .unknown: return ""
        }
    }
}
