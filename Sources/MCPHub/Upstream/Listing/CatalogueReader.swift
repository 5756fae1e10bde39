import HubCore
import NIOCore

/// Makes a catalogue of what a server says of itself and of the pages of its lists. An item that makes no sense costs itself.
struct CatalogueReader {
    private var catalogue: Catalogue
    private var problems = ItemProblems()
    /// Names of tools and prompts, addresses of resources and templates: the first of each counts.
    private var seen: [CatalogueList: Set<String>] = [:]
    private var positions: [CatalogueList: Int] = [:]

    /// A reader of the catalogue of one server.
    init(_ greeting: ServerGreeting) {
        catalogue = Catalogue(revision: greeting.revision)
        catalogue.title = greeting.serverInfo?["title"]?.listedText(upTo: ListedLength.name)
        catalogue.version = greeting.serverInfo?["version"]?.listedText(upTo: ListedLength.name)
        if let instructions = greeting.instructions, !instructions.isEmpty {
            catalogue.instructions = instructions.utf8.count <= ListedLength.instructions ? instructions : nil
            if catalogue.instructions == nil { problems.note("the instructions are left out: they are too long") }
        }
        let capabilities = greeting.capabilities
        // 2024-11-05 has no capability for it, but the method.
        catalogue.completes =
            Self.has("completions", capabilities)
            || greeting.revision == .v2024_11_05 && (Self.has("prompts", capabilities) || Self.has("resources", capabilities))
        catalogue.logs = Self.has("logging", capabilities)
        catalogue.tellsOfUpdates = capabilities?[path: "resources", "subscribe"]?.bool == true
        catalogue.extensions = ServerExtensions(capabilities, revision: greeting.revision)
    }

    /// The lists that the server says it has.
    static func lists(of greeting: ServerGreeting) -> [CatalogueList] {
        CatalogueList.allCases.filter { has($0.capability, greeting.capabilities) }
    }

    private static func has(_ name: String, _ capabilities: JSONValue?) -> Bool { capabilities?[name]?.kind == .object }

    /// What has been read.
    var result: Catalogue {
        var result = catalogue
        result.problems = problems.lines
        return result
    }

    /// Notes what is wrong with a list as a whole.
    mutating func note(_ problem: String) { problems.note(problem) }

    /// Takes one item of a list.
    mutating func take(_ value: JSONValue, of list: CatalogueList) {
        let position = (positions[list] ?? 0) + 1
        positions[list] = position
        let key = value[list.addressMember ?? "name"]?.listedText(upTo: list.addressMember == nil ? ListedLength.name : ListedLength.uri)
        do throws(ItemProblem) {
            guard value.kind == .object else { throw ItemProblem("it is no object") }
            guard let key else { throw ItemProblem("it has no \(list.addressMember ?? "name")") }
            guard seen[list]?.contains(key) != true else {
                throw ItemProblem("there is one before it of that \(list.addressMember ?? "name")")
            }
            try append(value, key: key, of: list)
            seen[list, default: []].insert(key)
        } catch {
            problems.note("\(list.noun) \(key.map { "\"\($0.prefix(128))\"" } ?? "\(position)") is left out: \(error.text)")
        }
    }

    private mutating func append(_ value: JSONValue, key: String, of list: CatalogueList) throws(ItemProblem) {
        if list == .tools {
            catalogue.tools.append(try ToolReader.read(value, name: key, isModern: catalogue.revision.isModern))
            return
        }
        let (item, dropped) = try ItemReader.read(value, of: list)
        if !dropped.isEmpty {
            problems.note(
                "\(list.noun) \"\(key.prefix(128))\" has malformed members, which are left out: \(dropped.joined(separator: ", "))")
        }
        switch list {
        case .tools: break
        case .prompts: catalogue.prompts.append(item)
        case .resources: catalogue.resources.append(item)
        case .templates: catalogue.templates.append(item)
        }
    }

    /// Takes over a list as it was, because it cannot be read at present.
    mutating func keep(_ list: CatalogueList, of old: Catalogue) {
        switch list {
        case .tools: catalogue.tools = old.tools
        case .prompts: catalogue.prompts = old.prompts
        case .resources: catalogue.resources = old.resources
        case .templates: catalogue.templates = old.templates
        }
    }
}
