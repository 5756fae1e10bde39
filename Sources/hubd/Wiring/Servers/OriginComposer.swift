import HubCore
import MCPHub

/// Makes an ingredient of what an MCP server lists: its tools as the operator changed them, and all else as it is.
///
/// What an MCP server has may change at any time, so that a change that fits nothing is a warning: it may fit tomorrow.
struct OriginComposer {
    /// One of `servers` that is an MCP server.
    let entry: ServerEntry

    /// - Parameters:
    ///   - catalogue: what the server listed.
    ///   - origin: performs the calls.
    ///   - problem: why the server is away, where it is.
    func ingredient(
        _ catalogue: Catalogue, origin: any MCPOrigin, problem: String?, _ findings: inout FindingCollector
    ) -> Ingredient {
        for problem in catalogue.problems {
            findings.warning("\(entry.name): \(ConfigFinding.shown(problem, atMost: 400))", hint: nil, at: entry.description.place)
        }
        return Ingredient(
            name: entry.name, title: catalogue.title, version: catalogue.version, instructions: entry.purpose ?? catalogue.instructions,
            tools: tools(catalogue, origin, &findings), prompts: items(catalogue.prompts, origin),
            resources: items(catalogue.resources, origin),
            templates: items(catalogue.templates, origin), origin: origin, completes: catalogue.completes, logs: catalogue.logs,
            tellsOfUpdates: catalogue.tellsOfUpdates, extensions: catalogue.extensions, isRemote: true, problem: problem)
    }

    private func items(_ items: [Catalogue.Item], _ origin: any MCPOrigin) -> [ServerOffer.Item] {
        items.map { ServerOffer.Item(name: $0.name, uri: $0.uri, members: $0.members, origin: origin, originalName: $0.name) }
    }

    private func tools(_ catalogue: Catalogue, _ origin: any MCPOrigin, _ findings: inout FindingCollector) -> [ComposedTool] {
        let changes = Dictionary(entry.tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var taken: Set<String> = []
        var tools: [ComposedTool] = []
        var unnamed: [String] = []
        for original in catalogue.tools.map(\.definition) {
            let change = changes[original.name]
            if change?.isHidden == true { continue }
            let (definition, fill, unknown) = (change?.override ?? ToolOverride()).apply(to: original)
            for name in unknown {
                findings.warning(
                    "\(original.name) of \(entry.name) has no argument \(ConfigFinding.quoted(name)) at present", hint: nil,
                    at: change?.arguments.first { $0.name == name }?.place ?? entry.place)
            }
            guard Self.isCallable(definition.name) else {
                unnamed.append(definition.name)
                continue
            }
            guard taken.insert(definition.name).inserted else {
                findings.warning(
                    "\(entry.name) would have two tools named \(ConfigFinding.quoted(definition.name)): the second is left out",
                    hint: "rename one of them", at: change?.rename?.place ?? change?.place ?? entry.place)
                continue
            }
            tools.append(
                ComposedTool(
                    definition: definition, of: original, target: OriginToolTarget(origin: origin, tool: original.name), fill: fill,
                    server: entry.name))
        }
        if !unnamed.isEmpty {
            let shown = unnamed.prefix(5).map { ConfigFinding.quoted($0) } + (unnamed.count > 5 ? ["\(unnamed.count - 5) more"] : [])
            findings.warning(
                "\(entry.name) has tools that no client could call by their names, which are left out: \(shown.joined(separator: ", "))",
                hint: "give them others with `tools: { NAME: { rename: … } }`", at: entry.description.place)
        }
        let known = Set(catalogue.tools.map(\.definition.name))
        for change in entry.tools where !known.contains(change.name) {
            let near = NearestName.find(change.name, among: known).map { "did you mean \"\($0)\"?" }
            findings.warning("\(entry.name) has no tool \(ConfigFinding.quoted(change.name)) at present", hint: near, at: change.place)
        }
        return tools
    }

    /// 2026-07-28, "Tool Names", has 1 to 128 letters, digits, `_`, `-` and `.`; servers have a few more signs, which is borne with. What
    /// cannot be seen or typed is nothing that a model could tell from another name.
    private static func isCallable(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count) && name.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }
}
