import HubCore

/// Which tasks a client wants to be told of (1.0).
struct TaskListQuery: Sendable, Hashable {
    /// Which agent of an address.
    var tenant: String?
    /// Those of a conversation.
    var contextID: String?
    /// Those in a state.
    var state: TaskState?
    /// The most of them, from 1 to 100; nil for 50.
    var pageSize: Int?
    /// Where the page before ended.
    var pageToken: String?
    /// The most messages of each history, the newest; nil for all.
    var historyLength: Int?
    /// Those whose status is of that time or later.
    var changedSince: WireTime?
    /// Whether artifacts are wanted, too.
    var includesArtifacts = false

    /// The sizes that a page can have.
    static let pageSizes = 1...100
}

extension TaskListQuery {
    /// Reads the parameters.
    init(_ source: WireValue, tenant: String?) throws(WireProblem) {
        self.tenant = tenant
        contextID = try source.text("contextId")
        state = try source.state("status")
        if state == .unspecified { state = nil }  // the value of an enum that is not set
        pageSize = try source.count("pageSize")
        if let pageSize, !Self.pageSizes.contains(pageSize) { throw source.problem(.outOfRange, at: "pageSize") }
        pageToken = try source.text("pageToken")
        historyLength = try source.historyLength()
        changedSince = try source.time("statusTimestampAfter")
        includesArtifacts = try source.flag("includeArtifacts") ?? false
    }

    /// Writes the members of the parameters, without the tenant.
    func writeMembers(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.optional("contextId", contextID)
        json.optional("status", state?.name(in: dialect))
        json.optional("pageSize", pageSize)
        json.optional("pageToken", pageToken)
        json.historyLength(historyLength, as: dialect)
        json.optional("statusTimestampAfter", changedSince?.description)
        if includesArtifacts { json.member("includeArtifacts", true) }
    }
}
