public import NIOCore

/// One definition of a tool of a server, and what was decided about it.
public struct ToolApproval: Sendable, Hashable {
    /// What was decided about a definition.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Taken by itself, as the server's first list had it; nobody has looked at it.
        case pinned
        /// Waits until somebody looks at it.
        case held
        /// Somebody looked at it and lets it be used.
        case approved
        /// Somebody looked at it and does not.
        case rejected
    }

    /// Why a definition is held.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// Nothing is wrong with it.
        case none
        /// The server had been taken without it.
        case new
        /// The tool had another definition when it was taken.
        case changed
        /// Something in it looks like an attack.
        case suspicious
    }

    /// The server, by the name of its entry.
    public var server: String
    /// The tool, by the name that the server gives it.
    public var tool: String
    /// The digest of the definition, `sha256:` and 64 hexadecimal digits.
    public var digest: String
    /// What was decided.
    public var state: State
    /// Why it was held first.
    public var reason: Reason
    /// The definition in canonical form (RFC 8785).
    public var definition: ByteBuffer
    /// What was found in it: a JSON array.
    public var findings: ByteBuffer
    /// When it was first seen, in seconds since 1970.
    public var seenAt: Int64
    /// When somebody decided, in seconds since 1970.
    public var decidedAt: Int64?
    /// Who did.
    public var decidedBy: String?

    /// A definition that was seen.
    public init(
        server: String, tool: String, digest: String, state: State, reason: Reason, definition: ByteBuffer, findings: ByteBuffer,
        seenAt: Int64
    ) {
        self.server = server
        self.tool = tool
        self.digest = digest
        self.state = state
        self.reason = reason
        self.definition = definition
        self.findings = findings
        self.seenAt = seenAt
    }
}

/// What happened to a definition: one line of the record that is only added to.
public struct ApprovalEvent: Sendable, Hashable {
    /// What happened.
    public enum Action: String, Sendable, Hashable {
        /// The server's first list had it.
        case pinned
        /// It was held back.
        case held
        /// Somebody approved it.
        case approved
        /// Somebody rejected it.
        case rejected
    }

    /// When, in seconds since 1970.
    public var at: Int64
    /// The server.
    public var server: String
    /// The tool.
    public var tool: String
    /// The digest of the definition.
    public var digest: String
    /// What happened.
    public var action: Action
    /// Who did it: `hub`, or a person as `user@host`.
    public var actor: String
    /// Why, as far as it was said.
    public var note: String
}
