/// Something in a description that did not become what its author meant, with the place to look at.
public struct IngestFinding: Sendable, Hashable, CustomStringConvertible {
    /// What was done about it.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The operation did not become a tool.
        case skippedOperation = "skipped"
        /// A parameter, a server or another part was left out of an operation.
        case dropped
        /// A malformed node was read as what it evidently means.
        case repaired
        /// A `$ref` leads nowhere, or to where this version does not go; anything is accepted in its place.
        case unresolvedReference = "unresolved"
        /// More was found than is kept.
        case more
    }

    /// What was done about it.
    public var kind: Kind
    /// What was found, as a sentence.
    public var message: String
    /// The file it stands in, relative to the folder of the one that the operator named; nil: that one.
    public var file: String?
    /// Where it stands, if it stands somewhere.
    public var position: SourcePosition?
    /// The operation during whose reading it was found, for example `GET /pets/{id}`.
    public var operation: String?

    /// A finding with every part named.
    public init(
        kind: Kind, message: String, file: String? = nil, position: SourcePosition? = nil, operation: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.file = file
        self.position = position
        self.operation = operation
    }

    /// One line: place, kind, operation, message.
    public var description: String {
        var parts: [String] = []
        let place = position.map { "\($0.line):\($0.column):" } ?? ""
        if let file { parts.append("\(FindingLog.line(file)):\(place)") } else if position != nil { parts.append(place) }
        parts.append("\(kind.rawValue):")
        if let operation { parts.append("\(operation):") }
        parts.append(message)
        return parts.joined(separator: " ")
    }
}

/// Why a whole text could not be read as the description of an API.
public struct IngestError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Reason: Sendable, Hashable {
        /// Neither JSON nor YAML, or past a limit.
        case unreadable
        /// A known format that this version does not read.
        case unsupportedFormat
        /// No description of an API.
        case notADescription
        /// A reference that no description has a good reason for.
        case forbiddenReference
        /// There are operations, and none of them can be called.
        case nothingUsable
    }

    /// The kind of failure.
    public var reason: Reason
    /// What is wrong, as a sentence.
    public var message: String
    /// What to do about it.
    public var hint: String?
    /// The file it is in, relative to the folder of the one that the operator named; nil: that one.
    public var file: String?
    /// Where, if it is at one place.
    public var position: SourcePosition?

    /// An error with every part named.
    public init(_ reason: Reason, _ message: String, hint: String? = nil, file: String? = nil, position: SourcePosition? = nil) {
        self.reason = reason
        self.message = message
        self.hint = hint
        self.file = file
        self.position = position
    }

    /// Place, message and hint in one line.
    public var description: String {
        let place = position.map { "\($0.line):\($0.column): " } ?? ""
        return (file.map { "\(FindingLog.line($0)):" } ?? "") + place + message + (hint.map { "; \($0)" } ?? "")
    }
}
