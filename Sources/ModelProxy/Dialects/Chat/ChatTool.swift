import NIOCore

/// What a model may call.
enum ChatTool: Sendable, Hashable {
    /// A function that the caller runs.
    case function(FunctionTool)
    /// What only the dialect it came in knows, such as a search that the provider runs.
    case foreign(type: String, name: String?, json: ByteBuffer)

    /// The name by which a request may choose it.
    var name: String? {
        switch self {
        case .function(let tool): tool.name
        case .foreign(_, let name, _): name
        }
    }

    /// Whether its schema is to hold without exception.
    var isStrict: Bool { if case .function(let tool) = self { tool.isStrict == true } else { false } }
}

/// A function that the caller runs.
struct FunctionTool: Sendable, Hashable {
    /// The name.
    var name: String
    /// What it does.
    var description: String?
    /// JSON Schema of an object; nil for no arguments.
    var parameters: ByteBuffer?
    /// Whether the schema holds without exception.
    var isStrict: Bool?
}

/// Whether, and which of, the tools are to be called.
enum ToolChoice: Sendable, Hashable {
    /// As the model likes.
    case auto
    /// None.
    case none
    /// At least one.
    case required
    /// This one.
    case tool(String)
    /// Of these alone; at least one where `isRequired`.
    case allowed([String], isRequired: Bool)
}
