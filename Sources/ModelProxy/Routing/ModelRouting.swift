import HTTPTypes
import HubCore

/// Decides who answers a request to a Model API. A value of the configuration, as old as the snapshot.
///
/// 1. The first rule whose condition holds decides; without one there is no such model.
/// 2. Of its destinations one is chosen by weight, among those that do not rest. 3. Where that one fails, the fallbacks follow in their order, within `limits`.
public struct ModelRouting: Sendable {
    /// In order.
    public var rules: [ModelRule]
    /// What trying may cost.
    public var limits: ModelLimits

    /// Routing by rules.
    public init(_ rules: [ModelRule], limits: ModelLimits = ModelLimits()) {
        self.rules = rules
        self.limits = limits
    }

    /// One service for all requests, and the names of models as they are.
    public init(_ service: ModelService) { self.init([ModelRule(to: [ModelDestination(service)])]) }

    /// Where a request is tried, in order; empty where no rule is for it.
    ///
    /// - Parameters:
    ///   - model: empty for a request that names none.
    ///   - fields: the caller's.
    ///   - choice: see `ModelRule.trip`.
    ///   - isAwake: the same.
    func trip(
        for model: String, fields: HTTPFields, choice: UInt64, isAwake: (ModelDestination) -> Bool
    ) -> [ModelDestination] {
        rules.first { $0.condition.holds(for: model, fields: fields) }?.trip(choice, isAwake: isAwake) ?? []
    }

    /// The number by which a request chooses: spread evenly where the ids are random.
    static func choice(of requestID: String) -> UInt64 {
        var hash = FNV1a()
        hash.combine(requestID.utf8)
        // Its lowest bits are those of the bytes' lowest bits alone; this mixes in the higher ones (MurmurHash3's finaliser).
        var value = hash.value
        value = (value ^ value >> 33) &* 0xFF51_AFD7_ED55_8CCD
        value = (value ^ value >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return value ^ value >> 33
    }
}

/// What trying one request may cost.
public struct ModelLimits: Sendable, Hashable {
    /// How often it is sent at most, the first time included.
    public var attempts: Int
    /// How long after its beginning it is sent again, and how long an attempt may take that is not the only one.
    public var total: Duration
    /// How long a stream may take to its first event that says something; nil: as long as the upstream's limits let it.
    public var firstEvent: Duration?
    /// How long a stream may then be silent between two pieces; nil: as above.
    public var idle: Duration?

    /// Limits.
    public init(attempts: Int = 4, total: Duration = .seconds(600), firstEvent: Duration? = nil, idle: Duration? = nil) {
        self.attempts = max(1, attempts)
        self.total = total
        self.firstEvent = firstEvent
        self.idle = idle
    }
}
