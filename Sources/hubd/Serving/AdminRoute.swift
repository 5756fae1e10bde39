import HTTPTypes

/// What the admin listener serves. `specs/admin.openapi.yaml` describes the same: a test compares them.
enum AdminRoute: String, CaseIterable {
    case health = "GET /healthz"
    case readiness = "GET /readyz"
    case metrics = "GET /metrics"
    case description = "GET /openapi.json"
    case reload = "POST /api/v1/reload"

    /// Who may use a route.
    enum Access {
        /// Everybody.
        case open
        /// Who has the admin token.
        case token
        /// Who has the admin token, or everybody where `admin.metrics` is open.
        case metrics
    }

    /// The route of a request; nil where there is none.
    init?(_ method: HTTPRequest.Method, _ path: Substring) {
        self.init(rawValue: "\(method.rawValue) \(path)")
    }

    /// Who may use it. A route without a rule does not compile.
    var access: Access {
        switch self {
        case .health, .readiness: .open
        case .metrics: .metrics
        case .description, .reload: .token
        }
    }
}
