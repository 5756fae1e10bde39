import HubCore
import NIOConcurrencyHelpers

/// What one caller may see and use of a server.
struct ServerView: Sendable {
    /// The tools.
    var tools: ToolSet
    /// The same as a list.
    var listing: ToolListing
    /// Whether every caller has this view.
    var isForAll: Bool
}

/// The views of a server whose scopes open tools: one for each set of scopes that tokens came with.
///
/// 1. A caller whose credential knows no scopes sees everything. 2. A token sees the tools that one of its scopes opens, and beside any of
/// them those that tell of others.
/// 3. A call of a tool that another scope opens is refused with the scopes that would do; one that no scope opens is unknown.
final class ScopedViews: Sendable {
    private let resource: ProtectedResource
    private let tools: ToolSet
    private let known: Set<String>
    private let ready = NIOLockedValueBox<[Set<String>: ServerView]>([:])

    /// Views that are remembered; past it all are made again as they are asked for.
    private static let maximumViews = 64

    /// Nil where the resource has no scopes: then there is one view.
    init?(_ resource: ProtectedResource, of tools: ToolSet) {
        guard !resource.scopes.isEmpty else { return nil }
        self.resource = resource
        self.tools = tools
        known = Set(resource.scopes.map(\.name))
    }

    /// The view of a caller; nil is that of everything.
    func view(for principal: Principal) -> ServerView? {
        guard let held = principal.scopes?.intersection(known) else { return nil }
        if let view = ready.withLockedValue({ $0[held] }) { return view }
        let opened = opened(by: held)
        let view = ServerView(tools: ToolSet(opened), listing: ToolListing(opened.map(\.definition)), isForAll: false)
        ready.withLockedValue { ready in
            if ready.count >= Self.maximumViews { ready.removeAll(keepingCapacity: true) }
            ready[held] = view
        }
        return view
    }

    private func opened(by held: Set<String>) -> [Tool] {
        let opened = tools.tools.map { !$0.tellsOfOthers && !held.isDisjoint(with: resource.scopes(opening: $0.definition.name)) }
        guard opened.contains(true) else { return [] }
        return zip(tools.tools, opened).compactMap { tool, isOpened in isOpened || tool.tellsOfOthers ? tool : nil }
    }

    /// The challenge for a call that wants another scope; nil where none is wanting, or none would do.
    func challenge(forCallOf name: String, by principal: Principal) -> String? {
        guard let held = principal.scopes, let tool = tools[name], !tool.tellsOfOthers else { return nil }
        let opening = resource.scopes(opening: name)
        guard !opening.isEmpty, held.isDisjoint(with: opening) else { return nil }
        return resource.challenge(error: "insufficient_scope", scopes: opening)
    }
}
