/// Something that went wrong and that somebody has to be told.
///
/// `message` may be shown to a caller and therefore never holds a secret, an upstream's address, a path or a stack trace;
/// `cause` is for the log. Each protocol has one table from `code` to its own error shape.
public struct HubError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure. May grow.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The stable name, as logs and metrics show it.
        public let description: String

        private init(_ name: String) { description = name }

        /// The message itself is malformed.
        public static let invalidRequest = Code("invalid_request")
        /// The arguments do not fit what the target takes; the caller can mend them.
        public static let invalidArguments = Code("invalid_arguments")
        /// There is no such tool, or the caller may not use it.
        public static let unknownTool = Code("unknown_tool")
        /// A rule keeps the caller from using it now.
        public static let barred = Code("barred")
        /// The message or the answer is larger than its limit.
        public static let tooLarge = Code("too_large")
        /// The upstream could not be reached, broke off or made no sense.
        public static let upstreamFailed = Code("upstream_failed")
        /// The upstream took longer than its limit.
        public static let upstreamTimeout = Code("upstream_timeout")
        /// The address is one the hub does not connect to.
        public static let addressRefused = Code("address_refused")
        /// The hub is at its limit or stopping.
        public static let overloaded = Code("overloaded")
        /// The caller went away.
        public static let cancelled = Code("cancelled")
        /// A fault of the hub.
        public static let `internal` = Code("internal")
    }

    /// The kind of failure.
    public var code: Code
    /// What a caller may read.
    public var message: String
    /// What only the log may show.
    public var cause: (any Error)?
    /// The argument it is about, by the name the caller uses, where it is about one.
    public var argument: String?

    /// An error of this kind.
    public init(_ code: Code, _ message: String, argument: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.argument = argument
        self.cause = cause
    }

    /// The code and the message; without the cause, because descriptions end up in answers.
    public var description: String { "\(code): \(message)" }
}
