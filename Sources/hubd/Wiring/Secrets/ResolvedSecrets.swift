import HubCore

/// What the references of a configuration are at one moment: what a snapshot is built with.
struct ResolvedSecrets: Sendable {
    /// What came of one reference.
    enum Outcome: Sendable {
        /// Its value.
        case value(Secret)
        /// It cannot be read, which is an error of the configuration or of this machine.
        case wrong(ConfigFinding)
        /// The place that keeps it does not give it at present: costs what needs it, and is tried again. The finding is a warning.
        case away(ConfigFinding)
    }

    private var outcomes: [SecretReference: Outcome] = [:]

    /// No references.
    init() {}

    /// What came of a reference; nil for one that nobody asked for.
    subscript(reference: SecretReference) -> Outcome? {
        get { outcomes[reference] }
        set { outcomes[reference] = newValue }
    }

    /// The value of a reference; nil where it is away.
    ///
    /// - Throws: the finding where it is wrong.
    func value(of reference: SecretReference) throws(ConfigFinding) -> Secret? {
        switch outcomes[reference] {
        case .value(let secret): return secret
        case .wrong(let finding): throw finding
        case .away: return nil
        case nil: throw reference.finding("\(reference.written) was not read")  // nobody listed it: see Settings.entrySecrets
        }
    }

    /// A value that may stand in a request; nil where it is away.
    func sendable(_ reference: SecretReference) throws(ConfigFinding) -> Secret? {
        guard let secret = try value(of: reference) else { return nil }
        return try reference.sendable(secret)
    }

    /// Reads values that may stand in a request and that are there.
    var reading: SecretReading {
        { reference throws(ConfigFinding) in
            switch self.outcomes[reference] {
            case .away(let finding): throw finding
            case .value, .wrong, nil: break
            }
            guard let secret = try self.sendable(reference) else { throw reference.finding("\(reference.written) is away") }
            return secret
        }
    }

    /// Why the first of these that is away is.
    func firstAway(of references: [SecretReference]) -> ConfigFinding? {
        for reference in references {
            if case .away(let finding) = outcomes[reference] { return finding }
        }
        return nil
    }
}

extension ResolvedSecrets.Outcome {
    /// The same of a reference that is written elsewhere.
    func moved(to place: SourcePlace) -> Self {
        switch self {
        case .value: return self
        case .wrong(var finding):
            finding.place = place
            return .wrong(finding)
        case .away(var finding):
            finding.place = place
            return .away(finding)
        }
    }
}
