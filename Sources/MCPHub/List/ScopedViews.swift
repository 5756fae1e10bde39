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

/// The views of a server whose callers do not all see the same, because scopes open its tools, or rules say who may use them: one for each
/// set of scopes that tokens came with and each standing among the rules, never one for each caller.
///
/// 1. A caller whose credential knows no scopes sees what the rules allow. 2. A token sees of that the tools that one of its scopes opens.
/// 3. Who sees any of them sees those that tell of others.
/// 4. A call of a tool that another scope opens is refused with the scopes that would do; one that no scope opens, or that the rules do not
/// allow, is unknown.
final class ScopedViews: Sendable {
    /// What a view depends on. Callers who have the same see the same.
    struct Key: Sendable, Hashable {
        /// Those of the token's scopes that open anything; nil where scopes are not asked for.
        var scopes: Set<String>?
        /// Which rules are about the caller; nil where there are none.
        var standing: CallerStanding?
    }

    private let resource: ProtectedResource?
    private let permission: (any EntryPermission)?
    private let tools: ToolSet
    private let known: Set<String>
    private let ready = NIOLockedValueBox<[Key: ServerView]>([:])

    /// Tools that are in views which are remembered, and views; past it all are made again as they are asked for.
    private static let maximumTools = 200_000
    private static let maximumViews = 1_024

    /// Nil where the resource has no scopes and there are no rules: then there is one view.
    init?(_ resource: ProtectedResource?, permission: (any EntryPermission)? = nil, of tools: ToolSet) {
        let resource = resource.flatMap { $0.scopes.isEmpty ? nil : $0 }
        guard resource != nil || permission != nil else { return nil }
        self.resource = resource
        self.permission = permission
        self.tools = tools
        known = Set(resource?.scopes.map(\.name) ?? [])
    }

    /// What the view of a caller depends on.
    func key(of principal: Principal) -> Key {
        Key(scopes: resource == nil ? nil : principal.scopes?.intersection(known), standing: permission?.standing(of: principal))
    }

    /// The view of a caller; nil is that of everything.
    func view(for principal: Principal) -> ServerView? {
        let key = key(of: principal)
        guard key.scopes != nil || key.standing != nil else { return nil }
        if let view = ready.withLockedValue({ $0[key] }) { return view }
        let opened = opened(to: key)
        let view = ServerView(tools: ToolSet(opened), listing: ToolListing(opened.filter(\.isListed).map(\.definition)), isForAll: false)
        ready.withLockedValue { ready in
            if ready.count >= min(Self.maximumViews, max(8, Self.maximumTools / max(1, tools.tools.count))) {
                ready.removeAll(keepingCapacity: true)
            }
            ready[key] = view
        }
        return view
    }

    /// The tool of that name, where the caller sees it. Makes no view, but for a tool that tells of others.
    func tool(_ name: String, for principal: Principal) -> Tool? {
        let key = key(of: principal)  // before the look-up, so that a name which is not there takes as long
        guard let tool = tools[name] else { return nil }
        if tool.tellsOfOthers { return view(for: principal).map { $0.tools[name] } ?? tool }
        return isOpen(tool, to: key) ? tool : nil
    }

    /// Whether the rules allow a call of a tool that the caller sees.
    func allows(_ tool: Tool, arguments: JSONValue?, by principal: Principal) -> Bool {
        guard let permission, !tool.tellsOfOthers else { return true }
        return permission.allows(tool: tool.definition.name, arguments: arguments, to: permission.standing(of: principal))
    }

    private func opened(to key: Key) -> [Tool] {
        let opened = tools.tools.map { !$0.tellsOfOthers && isOpen($0, to: key) }
        guard opened.contains(true) else { return [] }
        return zip(tools.tools, opened).compactMap { tool, isOpened in isOpened || tool.tellsOfOthers ? tool : nil }
    }

    private func isOpen(_ tool: Tool, to key: Key) -> Bool {
        let name = tool.definition.name
        if let permission, let standing = key.standing, !permission.shows(tool: name, to: standing) { return false }
        guard let resource, let held = key.scopes else { return true }
        return !held.isDisjoint(with: resource.scopes(opening: name))
    }

    /// The scopes any of which opens a tool; nil where there are none.
    func scopes(opening tool: String) -> [String]? { resource?.scopes(opening: tool) }

    /// The challenge for a call that wants another scope; nil where none is wanting, or none would do.
    func challenge(forCallOf name: String, by principal: Principal) -> String? {
        guard let resource, let held = principal.scopes, let tool = tools[name], !tool.tellsOfOthers else { return nil }
        if let permission, !permission.shows(tool: tool.definition.name, to: permission.standing(of: principal)) { return nil }
        let opening = resource.scopes(opening: name)
        guard !opening.isEmpty, held.isDisjoint(with: opening) else { return nil }
        return resource.challenge(error: "insufficient_scope", scopes: opening)
    }
}
