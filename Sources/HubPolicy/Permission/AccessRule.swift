public import HubCore

/// One rule of `access`: who may, or may not, use which tools of an entry.
///
/// The reading of a list of rules:
/// 1. A rule matches where every part of it fits: the caller, the tool, its risk, and the arguments of the call. Of a list, one is enough;
///    of the parts about the caller that are written, all must fit.
/// 2. The first rule that matches decides. 3. Where none does, the call is refused.
/// 4. A tool is listed where some call of it would be allowed: rules are read in order without their conditions, and one that denies under a
///    condition is passed over, because other arguments pass it too.
/// 5. What cannot be judged is never to the caller's advantage: an argument of another kind than its condition is about fits no rule that
///    allows, and every one that denies. One that is not there fits neither.
public struct AccessRule: Sendable, Hashable {
    /// What a rule does.
    public enum Effect: String, Sendable, Hashable, CaseIterable {
        case allow
        case deny
    }

    /// The callers by name; nil is all. All names are compared byte for byte.
    public var consumers: [ExactText]?
    /// The groups one of which the caller is in; nil does not ask.
    public var groups: [ExactText]?
    /// The scopes one of which the caller's token has; nil does not ask. A credential that knows no scopes has none.
    public var scopes: [ExactText]?
    /// What the caller's token says.
    public var claims: [ClaimCondition]
    /// The tools, as the entry shows them; nil is all.
    public var tools: [NamePattern]?
    /// The most that a tool may do for the rule to be about it.
    public var maxRisk: Risk
    /// What the rule does.
    public var effect: Effect
    /// What the arguments must be.
    public var conditions: [ArgumentCondition]

    /// A rule, by default about everybody and every tool that does not destroy.
    public init(
        consumers: [ExactText]? = nil, groups: [ExactText]? = nil, scopes: [ExactText]? = nil, claims: [ClaimCondition] = [],
        tools: [NamePattern]? = nil, maxRisk: Risk = .write, effect: Effect = .allow, conditions: [ArgumentCondition] = []
    ) {
        self.consumers = consumers
        self.groups = groups
        self.scopes = scopes
        self.claims = claims
        self.tools = tools
        self.maxRisk = maxRisk
        self.effect = effect
        self.conditions = conditions
    }

    /// Whether it is about every caller.
    var isAboutEverybody: Bool { consumers == nil && groups == nil && scopes == nil && claims.isEmpty }

    /// Whether it is about every tool, as far as names go.
    var isAboutEveryName: Bool { tools?.contains { $0.fitsAll } ?? true }

    /// Whether it is about a tool of this name.
    func names(_ tool: [UInt8]) -> Bool { tools?.contains { $0.matches(bytes: tool) } ?? true }

    /// Whether the arguments of a call fit.
    func fits(_ arguments: JSONValue?) -> Bool { conditions.allSatisfy { $0.fits(arguments, effect) } }
}

/// What a claim of a caller's token must be.
public struct ClaimCondition: Sendable, Hashable {
    /// What one value of the claim must be.
    public enum Value: Sendable, Hashable {
        /// A string that fits.
        case text(NamePattern)
        /// `true` or `false`.
        case bool(Bool)
    }

    /// Where the claim is.
    public var path: ClaimPath
    /// One of these must fit; a claim that is a list has each of its values.
    public var values: [Value]

    /// A condition.
    public init(path: ClaimPath, values: [Value]) {
        self.path = path
        self.values = values
    }

    /// Whether these claims fit; a caller without a token has none.
    func fits(_ claims: JSONValue?) -> Bool {
        guard let found = claims.flatMap({ path.value(in: $0) }) else { return false }
        guard found.kind == .array else { return fits(one: found) }
        return found.elements.contains { fits(one: $0) }
    }

    private func fits(one value: JSONValue) -> Bool {
        let bytes = value.string.map { Array($0.utf8) }
        return values.contains { wanted in
            switch wanted {
            case .text(let pattern): bytes.map { pattern.matches(bytes: $0) } ?? false
            case .bool(let wanted): value.bool == wanted
            }
        }
    }
}
