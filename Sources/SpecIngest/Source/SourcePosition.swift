/// A place in a text that a person wrote, as editors count it.
public struct SourcePosition: Sendable, Hashable, Comparable {
    /// The line, from 1.
    public var line: Int
    /// The character in the line, from 1.
    public var column: Int

    /// The place at `line` and `column`.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Whether `left` comes before `right` in the same text.
    public static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// Why a text could not be read as JSON or YAML. The message never repeats the text, which may hold a secret.
public struct SourceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was wrong, as part of a sentence.
    public var message: String
    /// Where, if it is at one place.
    public var position: SourcePosition?

    /// An error with a place or without one.
    public init(message: String, position: SourcePosition? = nil) {
        self.message = message
        self.position = position
    }

    /// The place and the message.
    public var description: String {
        position.map { "\($0.line):\($0.column): \(message)" } ?? message
    }
}
