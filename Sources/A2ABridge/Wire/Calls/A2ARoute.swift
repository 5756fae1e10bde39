import HTTPTypes
import HubCore

/// Where an operation is, over HTTP+JSON: a method and a path below the agent's address.
///
/// Paths of 0.3 begin with `/v1`. Those of 1.0 may begin with a tenant, which therefore is none called `v1`.
struct A2ARoute: Sendable, Hashable {
    /// What is asked.
    var operation: A2AOperation
    /// In which version.
    var version: A2AVersion
    /// Which agent of the address (1.0).
    var tenant: String?
    /// The task it is about.
    var taskID: String?
    /// The webhook it is about.
    var configurationID: String?

    /// A part of a path between slashes.
    private enum Segment: Equatable {
        case literal(String)
        /// The id of a task, and a verb behind a colon.
        case task(String?)
        case configuration
    }

    private static let verbs = [":cancel", ":subscribe"]
    private static let pushes = [.literal("tasks"), .task(nil), .literal("pushNotificationConfigs")] as [Segment]

    /// The paths of an operation, and its methods, the first of which is the one to use. Of `:subscribe` the protocol buffers say GET and the
    /// prose says POST, so that servers of either kind are about.
    private static func place(of operation: A2AOperation, in version: A2AVersion) -> (methods: [HTTPRequest.Method], path: [Segment])? {
        switch operation {
        case .sendMessage: ([.post], [.literal("message:send")])
        case .streamMessage: ([.post], [.literal("message:stream")])
        case .getTask: ([.get], [.literal("tasks"), .task(nil)])
        case .listTasks: version == .v0_3 ? nil : ([.get], [.literal("tasks")])
        case .cancelTask: ([.post], [.literal("tasks"), .task(":cancel")])
        case .subscribe: ([.post, .get], [.literal("tasks"), .task(":subscribe")])
        case .createPush: ([.post], pushes)
        case .getPush: ([.get], pushes + [.configuration])
        case .listPushes: ([.get], pushes)
        case .deletePush: ([.delete], pushes + [.configuration])
        case .extendedCard: ([.get], [.literal(version == .v0_3 ? "card" : "extendedAgentCard")])
        }
    }

    private static let olderPrefix = "v1"

    /// Every method and path below an agent's address, with names in braces for what stands there, without tenants.
    static var all: [(method: HTTPRequest.Method, path: String)] {
        A2AVersion.allCases.flatMap { version in
            A2AOperation.allCases.flatMap { operation in
                guard let place = place(of: operation, in: version) else { return [(method: HTTPRequest.Method, path: String)]() }
                let path = place.path.reduce(version == .v0_3 ? "/" + olderPrefix : "") { path, segment in
                    switch segment {
                    case .literal(let text): "\(path)/\(text)"
                    case .task(let verb): "\(path)/{task}\(verb ?? "")"
                    case .configuration: "\(path)/{configuration}"
                    }
                }
                return place.methods.map { ($0, path) }
            }
        }
    }

    // MARK: Requests that came

    /// The routes of a path, one for each operation that is there, and the methods they have.
    ///
    /// - Parameter path: below the agent's address, with its slash, without the query, percent-encoded.
    static func routes(of path: Substring) -> [(route: A2ARoute, methods: [HTTPRequest.Method])] {
        var segments = path.split(separator: "/", omittingEmptySubsequences: false).prefix(8)  // longer than any
        guard segments.popFirst()?.isEmpty == true else { return [] }
        if segments.first.map({ $0 == olderPrefix }) == true { return routes(of: segments.dropFirst(), version: .v0_3, tenant: nil) }
        let routes = routes(of: segments, version: .v1_0, tenant: nil)
        guard routes.isEmpty, let first = segments.first, let tenant = decode(first) else { return routes }
        return self.routes(of: segments.dropFirst(), version: .v1_0, tenant: tenant)
    }

    /// The route of a request; nil where the path has none, or none with this method (`routes(of:)` tells which).
    init?(_ method: HTTPRequest.Method, _ path: Substring) {
        guard let found = Self.routes(of: path).first(where: { $0.methods.contains(method) }) else { return nil }
        self = found.route
    }

    /// A route by its parts.
    init(_ operation: A2AOperation, _ version: A2AVersion, tenant: String? = nil, taskID: String? = nil, configurationID: String? = nil) {
        self.operation = operation
        self.version = version
        self.tenant = tenant
        self.taskID = taskID
        self.configurationID = configurationID
    }

    private static func routes(
        of segments: ArraySlice<Substring>, version: A2AVersion, tenant: String?
    ) -> [(route: A2ARoute, methods: [HTTPRequest.Method])] {
        A2AOperation.allCases.compactMap { operation in
            guard let place = place(of: operation, in: version), place.path.count == segments.count else { return nil }
            var route = A2ARoute(operation, version, tenant: tenant)
            for (pattern, segment) in zip(place.path, segments) where !route.take(segment, as: pattern) { return nil }
            return (route, place.methods)
        }
    }

    private mutating func take(_ segment: Substring, as pattern: Segment) -> Bool {
        switch pattern {
        case .literal(let text): return segment == text
        case .task(let verb):
            let written = Self.verbs.first { segment.hasSuffix($0) }
            guard written == verb else { return false }
            taskID = Self.decode(segment.dropLast(written?.count ?? 0))
            return taskID != nil
        case .configuration:
            configurationID = Self.decode(segment)
            return configurationID != nil
        }
    }

    private static func decode(_ segment: Substring) -> String? {
        guard !segment.isEmpty else { return nil }
        return PercentEncoding.decode(String(segment))
    }

    // MARK: Requests to send

    /// The method and the path to send a request to, below the agent's address; nil where the version has no such operation, or an id is missing.
    var target: (method: HTTPRequest.Method, path: String)? {
        guard let place = Self.place(of: operation, in: version), let method = place.methods.first else { return nil }
        var path = version == .v0_3 ? "/" + Self.olderPrefix : tenant.map { "/" + PercentEncoding.encode($0) } ?? ""
        for segment in place.path {
            switch segment {
            case .literal(let text): path += "/" + text
            case .task(let verb):
                guard let taskID, !taskID.isEmpty else { return nil }
                path += "/" + PercentEncoding.encode(taskID) + (verb ?? "")
            case .configuration:
                guard let configurationID, !configurationID.isEmpty else { return nil }
                path += "/" + PercentEncoding.encode(configurationID)
            }
        }
        return (method, path)
    }
}
