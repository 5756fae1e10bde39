/// What an entry is to OAuth clients: a protected resource with an address of its own (RFC 9728), whose scopes open tools.
public struct ProtectedResource: Sendable, Hashable {
    /// A scope and the tools that it opens.
    public struct Scope: Sendable, Hashable {
        /// As tokens carry it (RFC 6749 §3.3).
        public var name: String
        /// The names of tools, or patterns of them.
        public var tools: [NamePattern]

        /// A scope.
        public init(name: String, tools: [NamePattern]) {
            self.name = name
            self.tools = tools
        }
    }

    /// The URL that clients know the entry by, which a token's audience must be (RFC 8707 §2).
    public var identifier: String
    /// Where its metadata is.
    public var metadataURL: String
    /// The scopes in the order written. Without any, a token that is for the entry opens everything.
    public var scopes: [Scope]

    /// A resource.
    public init(identifier: String, metadataURL: String, scopes: [Scope]) {
        self.identifier = identifier
        self.metadataURL = metadataURL
        self.scopes = scopes
    }

    /// The scopes any of which opens a tool.
    public func scopes(opening tool: String) -> [String] {
        scopes.filter { $0.tools.contains { $0.matches(tool) } }.map(\.name)
    }

    /// The value of `WWW-Authenticate` (RFC 6750 §3, RFC 9728 §5.1).
    ///
    /// - Parameters:
    ///   - error: what was wrong with a token; nil where there was none.
    ///   - scopes: those that would do.
    public func challenge(error: String? = nil, scopes: [String]) -> String {
        var parts = [#"resource_metadata="\#(metadataURL)""#]
        if let error { parts.insert(#"error="\#(error)""#, at: 0) }
        if !scopes.isEmpty { parts.append(#"scope="\#(scopes.joined(separator: " "))""#) }
        return "Bearer " + parts.joined(separator: ", ")
    }
}
