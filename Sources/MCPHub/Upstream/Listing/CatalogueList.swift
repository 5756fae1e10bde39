/// The lists of a server.
enum CatalogueList: CaseIterable {
    case tools
    case prompts
    case resources
    case templates

    /// What asks for it.
    var method: String {
        switch self {
        case .tools: "tools/list"
        case .prompts: "prompts/list"
        case .resources: "resources/list"
        case .templates: "resources/templates/list"
        }
    }

    /// The member of the result that has the items.
    var member: String {
        switch self {
        case .tools: "tools"
        case .prompts: "prompts"
        case .resources: "resources"
        case .templates: "resourceTemplates"
        }
    }

    /// The capability of a server that has it.
    var capability: String {
        switch self {
        case .tools: "tools"
        case .prompts: "prompts"
        case .resources, .templates: "resources"
        }
    }

    /// The member of an item that has its address.
    var addressMember: String? {
        switch self {
        case .tools, .prompts: nil
        case .resources: "uri"
        case .templates: "uriTemplate"
        }
    }

    /// What one item is called.
    var noun: String {
        switch self {
        case .tools: "tool"
        case .prompts: "prompt"
        case .resources: "resource"
        case .templates: "template"
        }
    }
}
