import HubCore

/// An argument of a tool that a call over HTTP repeats in a header (2026-07-28 transports, `x-mcp-header`).
public struct MirroredArgument: Sendable, Hashable {
    /// The name of the header after `Mcp-Param-`.
    public var header: String
    /// The names that lead to it from the arguments.
    public var path: [String]

    /// An argument and its header.
    public init(header: String, path: [String]) {
        self.header = header
        self.path = path
    }

    /// What the header says for these arguments; nil: the header is left out.
    func text(in arguments: JSONValue?) -> String? {
        var value = arguments
        for name in path { value = value?[name] }
        switch value?.kind {
        case .string: return value?.string
        case .number: return value?.numberText
        case .true: return "true"
        case .false: return "false"
        case .null, .array, .object, nil: return nil
        }
    }
}
