/// Which numbers a failure has: they changed from version to version, and within 1.0.
public enum A2AErrorProfile: String, Sendable, Hashable, CaseIterable {
    /// As the SDKs of 0.3 have it: that version left the statuses of HTTP open.
    case v0_3 = "0.3"
    /// As the specification was published, and the compliance kit has it.
    case v1_0_0 = "1.0.0"
    /// As it was mended.
    case v1_0_1 = "1.0.1"

    /// The version it belongs to.
    var version: A2AVersion { self == .v0_3 ? .v0_3 : .v1_0 }
}

/// The numbers and names of a failure in one profile.
struct A2AErrorNumbers: Sendable, Hashable {
    /// The code of JSON-RPC.
    var jsonRPC: Int
    /// The status that an answer of JSON-RPC has; an error inside an answer is a success of HTTP, unless HTTP itself had to refuse.
    var jsonRPCStatus: Int
    /// The status that an answer of HTTP+JSON has.
    var http: Int
    /// The name of `google.rpc.Code` that goes with it.
    var status: String
    /// The reason that `google.rpc.ErrorInfo` names.
    var reason: String
}

/// The one table of failures.
enum A2AErrorTable {
    private typealias Row = (rpc: Int, rpcStatus: Int, v0_3: Int, v1_0_0: (Int, String), v1_0_1: (Int, String), reason: String)

    /// The numbers of a kind of failure.
    static func numbers(_ code: A2AFailure.Code, in profile: A2AErrorProfile) -> A2AErrorNumbers {
        let row = row(code)
        let (http, status) =
            switch profile {
            case .v0_3: (row.v0_3, row.v1_0_1.1)
            case .v1_0_0: row.v1_0_0
            case .v1_0_1: row.v1_0_1
            }
        let isUnknown = profile == .v0_3 && (code == .extensionRequired || code == .versionNotSupported)
        let number = isUnknown ? self.row(.internal).rpc : row.rpc
        return A2AErrorNumbers(jsonRPC: number, jsonRPCStatus: row.rpcStatus, http: http, status: status, reason: row.reason)
    }

    private static func row(_ code: A2AFailure.Code) -> Row {
        // In a column of its own: JSON-RPC, its HTTP status, HTTP of 0.3, of 1.0.0, of 1.0.1 (1.0 §5.4, and the section's change in 1.0.1).
        switch code {
        case .parseError: (-32700, 200, 400, (400, "INVALID_ARGUMENT"), (400, "INVALID_ARGUMENT"), "PARSE_ERROR")
        case .invalidRequest: (-32600, 200, 400, (400, "INVALID_ARGUMENT"), (400, "INVALID_ARGUMENT"), "INVALID_REQUEST")
        case .methodNotFound: (-32601, 200, 404, (404, "NOT_FOUND"), (404, "NOT_FOUND"), "METHOD_NOT_FOUND")
        case .invalidParameters: (-32602, 200, 400, (400, "INVALID_ARGUMENT"), (400, "INVALID_ARGUMENT"), "INVALID_PARAMS")
        case .internal: (-32603, 200, 500, (500, "INTERNAL"), (500, "INTERNAL"), "INTERNAL_ERROR")
        case .taskNotFound: (-32001, 200, 404, (404, "NOT_FOUND"), (404, "NOT_FOUND"), "TASK_NOT_FOUND")
        case .taskNotCancelable:
            (-32002, 200, 409, (409, "FAILED_PRECONDITION"), (400, "FAILED_PRECONDITION"), "TASK_NOT_CANCELABLE")
        case .pushNotSupported:
            (-32003, 200, 501, (400, "UNIMPLEMENTED"), (400, "FAILED_PRECONDITION"), "PUSH_NOTIFICATION_NOT_SUPPORTED")
        case .unsupportedOperation: (-32004, 200, 501, (400, "UNIMPLEMENTED"), (400, "FAILED_PRECONDITION"), "UNSUPPORTED_OPERATION")
        case .contentTypeNotSupported:
            (-32005, 200, 415, (415, "INVALID_ARGUMENT"), (400, "INVALID_ARGUMENT"), "CONTENT_TYPE_NOT_SUPPORTED")
        case .invalidAgentResponse: (-32006, 200, 502, (502, "INTERNAL"), (500, "INTERNAL"), "INVALID_AGENT_RESPONSE")
        case .extendedCardNotConfigured:
            (-32007, 200, 404, (400, "FAILED_PRECONDITION"), (400, "FAILED_PRECONDITION"), "EXTENDED_AGENT_CARD_NOT_CONFIGURED")
        case .extensionRequired:
            (-32008, 200, 400, (400, "FAILED_PRECONDITION"), (400, "FAILED_PRECONDITION"), "EXTENSION_SUPPORT_REQUIRED")
        case .versionNotSupported: (-32009, 200, 400, (400, "UNIMPLEMENTED"), (400, "FAILED_PRECONDITION"), "VERSION_NOT_SUPPORTED")
        // The hub's own, in the numbers of HTTP where neither has any.
        case .unauthenticated: (401, 401, 401, (401, "UNAUTHENTICATED"), (401, "UNAUTHENTICATED"), "UNAUTHENTICATED")
        case .forbidden: (403, 403, 403, (403, "PERMISSION_DENIED"), (403, "PERMISSION_DENIED"), "PERMISSION_DENIED")
        case .rateLimited: (429, 200, 429, (429, "RESOURCE_EXHAUSTED"), (429, "RESOURCE_EXHAUSTED"), "RATE_LIMITED")
        case .contentBlocked: (451, 200, 400, (400, "FAILED_PRECONDITION"), (400, "FAILED_PRECONDITION"), "CONTENT_BLOCKED")
        case .tooLarge: (-32600, 413, 413, (413, "INVALID_ARGUMENT"), (413, "INVALID_ARGUMENT"), "TOO_LARGE")
        case .unsupportedMediaType: (-32005, 415, 415, (415, "INVALID_ARGUMENT"), (415, "INVALID_ARGUMENT"), "CONTENT_TYPE_NOT_SUPPORTED")
        case .overloaded: (503, 503, 503, (503, "UNAVAILABLE"), (503, "UNAVAILABLE"), "OVERLOADED")
        case .upstreamFailed: (-32603, 200, 502, (502, "UNAVAILABLE"), (502, "UNAVAILABLE"), "UPSTREAM_FAILED")
        case .upstreamTimeout: (-32603, 200, 504, (504, "DEADLINE_EXCEEDED"), (504, "DEADLINE_EXCEEDED"), "UPSTREAM_TIMEOUT")
        }
    }

    // MARK: Failures that came

    /// The kind of failure that a reason names, whatever the profile.
    static func code(reason: String) -> A2AFailure.Code? { byReason[reason] }

    /// The kind of failure of a code of JSON-RPC.
    static func code(jsonRPC: Int) -> A2AFailure.Code? { byNumber[jsonRPC] }

    /// The kind of failure that a status of HTTP alone tells of, as peers of 0.3 leave it.
    static func code(http: Int) -> A2AFailure.Code {
        switch http {
        case 401: .unauthenticated
        case 403: .forbidden
        case 404: .taskNotFound
        case 409: .taskNotCancelable
        case 413: .tooLarge
        case 415: .contentTypeNotSupported
        case 422: .invalidParameters
        case 429: .rateLimited
        case 501: .unsupportedOperation
        case 502: .upstreamFailed
        case 503: .overloaded
        case 504: .upstreamTimeout
        case 400..<500: .invalidRequest
        default: .internal
        }
    }

    private static let byReason = table { row($0).reason }
    private static let byNumber = table { row($0).rpc }

    /// Where two are called the same, the first: it is the protocol's own.
    private static func table<Key: Hashable>(_ key: (A2AFailure.Code) -> Key) -> [Key: A2AFailure.Code] {
        Dictionary(A2AFailure.Code.allCases.map { (key($0), $0) }) { first, _ in first }
    }
}
