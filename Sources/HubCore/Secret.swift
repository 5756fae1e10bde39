/// A value that nobody but its recipient may see. It prints as `***`, does not encode, and is opened in the one place that sends it.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Closes a value in.
    public init(_ value: String) {
        self.value = value
    }

    /// The value itself. Only for what sends it or compares it.
    public var revealed: String { value }

    /// Always `***`.
    public var description: String { "***" }
    /// Always `***`.
    public var debugDescription: String { "***" }
    /// No children, so that dumps show nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
