import HubCore

/// What has become of a task so far. The raw value is the number of the protocol buffers, the same in both versions.
enum TaskState: Int, Sendable, Hashable, CaseIterable {
    /// Not known, or a state that came with a later version.
    case unspecified = 0
    /// Taken on.
    case submitted = 1
    /// Being worked on.
    case working = 2
    /// Done. Terminal.
    case completed = 3
    /// Ended with an error. Terminal.
    case failed = 4
    /// Taken back by the client. Terminal.
    case canceled = 5
    /// Waits for a message of the client.
    case inputRequired = 6
    /// Not taken on. Terminal.
    case rejected = 7
    /// Waits for a credential, which goes another way than the protocol's.
    case authRequired = 8

    /// Nothing follows: the task takes no message and cannot be canceled.
    var isTerminal: Bool {
        switch self {
        case .completed, .failed, .canceled, .rejected: true
        case .unspecified, .submitted, .working, .inputRequired, .authRequired: false
        }
    }

    /// The task waits for its client.
    var isInterrupted: Bool { self == .inputRequired || self == .authRequired }

    /// A stream of the task ends with this state: the client has the next word. Credentials go another way, so that a stream outlasts the wait
    /// for one.
    var endsStream: Bool { isTerminal || self == .inputRequired }

    /// Its name in a dialect.
    func name(in dialect: A2ADialect) -> String {
        switch dialect {
        case .v1_0: names.proto
        case .v0_3: names.schema
        case .v0_3Proto: self == .canceled ? Self.canceledProto : names.proto
        }
    }

    /// The state of a name in any of the dialects; nil for what is none.
    init?(named name: String) {
        guard let state = Self.byName[name] else { return nil }
        self = state
    }

    /// The protocol buffers of 0.3 alone spell it with two.
    private static let canceledProto = "TASK_STATE_CANCELLED"

    private static let byName: [String: TaskState] = {
        var states = [canceledProto: canceled]
        for state in allCases {
            states[state.names.proto] = state
            states[state.names.schema] = state
        }
        return states
    }()

    private var names: (proto: String, schema: String) {
        switch self {
        case .unspecified: ("TASK_STATE_UNSPECIFIED", "unknown")
        case .submitted: ("TASK_STATE_SUBMITTED", "submitted")
        case .working: ("TASK_STATE_WORKING", "working")
        case .completed: ("TASK_STATE_COMPLETED", "completed")
        case .failed: ("TASK_STATE_FAILED", "failed")
        case .canceled: ("TASK_STATE_CANCELED", "canceled")
        case .inputRequired: ("TASK_STATE_INPUT_REQUIRED", "input-required")
        case .rejected: ("TASK_STATE_REJECTED", "rejected")
        case .authRequired: ("TASK_STATE_AUTH_REQUIRED", "auth-required")
        }
    }
}

extension WireValue {
    /// The state of a member, by name or number; nil where it is not there.
    func state(_ name: String) throws(WireProblem) -> TaskState? {
        guard let value = self[name] else { return nil }
        let state = value.json.string.map { TaskState(named: $0) } ?? value.json.int.map { TaskState(rawValue: $0) }
        guard let state, let state else { throw value.problem(.unknownValue) }
        return state
    }
}
