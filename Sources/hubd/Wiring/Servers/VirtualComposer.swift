import HubCore
import HubTelemetry
import MCPHub

/// Puts a virtual server together from what its servers have at present.
///
/// 1. What is included stands in the order of the includes, in each in the order of the patterns, and of what one pattern means in the
/// order of the server.
/// 2. A name is that which the server gives, after the prefix, cut to the budget of names; `rename` is taken as it is written.
/// 3. Of two of one name the first stays. Where both are known from local descriptions it is an error, for it will not mend itself.
/// 4. A server that is away costs what would be of it, and nothing else.
struct VirtualComposer {
    /// What is known of an ingredient.
    enum Part: Sendable {
        /// What it has.
        case there(Ingredient)
        /// Nothing, and it is known why.
        case away
        /// Nothing was looked at.
        case unknown
    }

    private struct Source {
        var server: String
        var original: String
        var isRemote: Bool
    }

    private let entry: VirtualServerEntry
    /// When it takes the definitions of each server.
    private let pins: [String: TrustEntry.Pin]
    private let changes: [String: ToolChange]
    private let budget: NameBudget
    private var findings = FindingCollector()
    private var tools: [ComposedTool] = []
    /// By noun and name: where what is taken is from.
    private var taken: [String: Source] = [:]
    private var usedChanges: Set<String> = []
    private var offer = ServerOffer(tools: ToolSet([]))
    /// What each server is for.
    private var purposes: [String: String] = [:]
    private var isComplete = true
    private var unread: [String] = []
    private var isRemote = false

    private init(_ entry: VirtualServerEntry, pins: [String: TrustEntry.Pin]) {
        self.entry = entry
        self.pins = pins
        changes = Dictionary(entry.tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        budget = NameBudget(besideServer: entry.name)
    }

    /// What the server that `entry` describes shows, how large its list of tools is, and what was not asked what it has.
    ///
    /// - Parameter pins: when it takes the definitions of each server that it includes.
    static func compose(
        _ entry: VirtualServerEntry, of parts: [String: Part], pins: [String: TrustEntry.Pin] = [:], metrics: HubMetrics,
        _ findings: inout FindingCollector
    ) -> (offer: ServerOffer, list: ListReport, unread: [String]) {
        var composer = VirtualComposer(entry, pins: pins)
        for include in entry.includes { composer.add(include, parts[include.server.value] ?? .unknown) }
        composer.checkChanges()
        findings.add(composer.findings.findings)
        var routing = entry.routing
        routing.tellsServers = entry.access == nil && !entry.auth.opensToolsByScope
        let served = ComposedTool.list(
            composer.tools, of: entry.name, profile: entry.profile?.value, detail: entry.list?.value, routing: routing,
            purposes: composer.purposes, metrics: metrics)
        composer.offer.take(served)
        return (composer.offer, served.report, composer.unread)
    }

    private mutating func add(_ include: VirtualServerEntry.Include, _ part: Part) {
        switch part {
        case .unknown:
            isComplete = false
            if !unread.contains(include.server.value) { unread.append(include.server.value) }
        case .away:
            isComplete = false
            offer.isUnlisted = true
            noteAway(include.server.value)
        case .there(var ingredient):
            ingredient.tools = ingredient.tools(under: pins[ingredient.name] ?? .firstUse)
            if entry.trust.areResultsUntrusted { ingredient.isDistrusted = true }
            if ingredient.isDistrusted, let origin = ingredient.origin { offer.distrusted.insert(origin.name) }
            if ingredient.problem != nil { noteAway(ingredient.name) }
            isRemote = isRemote || ingredient.isRemote
            purposes[ingredient.name] = ingredient.instructions
            addTools(include, of: ingredient)
            addPrompts(include, of: ingredient)
            addResources(include, of: ingredient)
        }
    }

    private mutating func noteAway(_ server: String) {
        if !offer.away.contains(server) { offer.away.append(server) }
    }

    // MARK: Tools

    private mutating func addTools(_ include: VirtualServerEntry.Include, of ingredient: Ingredient) {
        for tool in select(ingredient.tools, by: include.tools, of: ingredient, "tool", { [$0.name] }) {
            let full = include.prefix + tool.name
            let name = budget.fit(full)
            let change = changes[full] ?? changes[name]
            if let change { usedChanges.insert(change.name) }
            if change?.isHidden == true { continue }
            var changed = tool
            changed.isDistrusted = ingredient.isDistrusted
            changed.definition.name = name
            let (definition, fill, unknown) = (change?.override ?? ToolOverride()).apply(to: changed.definition)
            for argument in unknown {
                complain(
                    "\(change?.name ?? name) has no argument \(ConfigFinding.quoted(argument))", hint: nil,
                    at: change?.arguments.first { $0.name == argument }?.place ?? entry.place, isError: !ingredient.isRemote)
            }
            changed.definition = definition
            changed.fills = [fill].compactMap { $0 } + tool.fills
            let source = Source(server: ingredient.name, original: tool.name, isRemote: ingredient.isRemote)
            guard isFree(definition.name, "tool", source, include) else { continue }
            tools.append(changed)
            offer.extensions.formUnion(ingredient.extensions)
            addPage(of: definition, include, ingredient)
        }
    }

    /// The page that a tool's answers are shown on (extension `io.modelcontextprotocol/ui`) comes with the tool, which is of no use without it.
    private mutating func addPage(of tool: ToolDefinition, _ include: VirtualServerEntry.Include, _ ingredient: Ingredient) {
        guard let uri = tool.page, var page = ingredient.resources.first(where: { $0.uri == uri }) else { return }
        page.comesWithTool = true
        let source = Source(server: ingredient.name, original: uri, isRemote: ingredient.isRemote)
        if isFree(uri, "resource", source, include) { offer.resources.append(page) }
    }

    /// A page that came with a tool is chosen as a resource too; false where it has not come.
    private mutating func choosePage(_ item: ServerOffer.Item) -> Bool {
        guard item.uri.hasPrefix("ui:") else { return false }  // the rest need no search
        guard let index = offer.resources.firstIndex(where: { $0.comesWithTool && $0.uri == item.uri && $0.origin === item.origin }) else {
            return false
        }
        offer.resources[index].comesWithTool = false
        return true
    }

    /// The items that patterns choose, in their order, each once; without patterns all.
    private mutating func select<Item>(
        _ items: [Item], by patterns: [Placed<String>]?, of ingredient: Ingredient, _ noun: String, _ names: (Item) -> [String]
    ) -> [Item] {
        guard let patterns else { return items }
        var left = Array(items.indices)
        var chosen: [Item] = []
        for written in patterns {
            let pattern = NamePattern(written.value)
            let fits = { (index: Int) in names(items[index]).contains { pattern.matches($0) } }
            if !items.indices.contains(where: fits), written.value != "*" {
                let known = items.flatMap { names($0) }
                let near = NearestName.find(written.value, among: known).map { "did you mean \"\($0)\"?" }
                findings.warning(
                    "\(ingredient.name) has no \(noun) \(ConfigFinding.quoted(written.value))" + (ingredient.isRemote ? " at present" : ""),
                    hint: near, at: written.place)
            }
            chosen += left.filter(fits).map { items[$0] }
            left.removeAll(where: fits)
        }
        return chosen
    }

    /// Whether a name is still free. The same thing chosen twice is simply there once.
    private mutating func isFree(
        _ name: String, _ noun: String, _ source: Source, _ include: VirtualServerEntry.Include
    ) -> Bool {
        guard let first = taken["\(noun) \(name)"] else {
            taken["\(noun) \(name)"] = source
            return true
        }
        if first.server == source.server, first.original == source.original { return false }
        let isError = !first.isRemote && !source.isRemote
        complain(
            "\(first.server) and \(source.server) both have a \(noun) \(ConfigFinding.quoted(name)) for \(entry.name)"
                + (isError ? "" : ": that of \(source.server) is left out"),
            hint: noun == "resource" ? "leave one of them out" : "write prefix: at one of them, or leave one of the two out",
            at: include.server.place, isError: isError)
        return false
    }

    private mutating func complain(_ message: String, hint: String?, at place: SourcePlace, isError: Bool) {
        if isError { findings.error(message, hint: hint, at: place) } else { findings.warning(message, hint: hint, at: place) }
    }

    /// A change of a tool that is not there is an error where everything there could be is known and stays.
    private mutating func checkChanges() {
        guard isComplete else { return }
        for change in entry.tools where !usedChanges.contains(change.name) {
            let near = NearestName.find(change.name, among: tools.map(\.definition.name)).map { "did you mean \"\($0)\"?" }
            complain(
                "\(entry.name) has no tool \(ConfigFinding.quoted(change.name))" + (isRemote ? " at present" : ""),
                hint: near ?? "changes here go by the names that this server gives, with the prefix", at: change.place, isError: !isRemote)
        }
    }

    // MARK: Prompts and resources

    private mutating func addPrompts(_ include: VirtualServerEntry.Include, of ingredient: Ingredient) {
        let chosen = select(ingredient.prompts, by: include.prompts, of: ingredient, "prompt", { [$0.name] })
        for var prompt in chosen {
            prompt.name = include.prefix + prompt.name
            let source = Source(server: ingredient.name, original: prompt.originalName, isRemote: ingredient.isRemote)
            if isFree(prompt.name, "prompt", source, include) { offer.prompts.append(prompt) }
        }
        if !chosen.isEmpty { offer.completes = offer.completes || ingredient.completes }
        if ingredient.logs { offer.logs = true }
    }

    /// Resources and templates are chosen by the same patterns. Whoever includes all of them includes those that no list names.
    private mutating func addResources(_ include: VirtualServerEntry.Include, of ingredient: Ingredient) {
        guard !include.resources.isEmpty else { return }
        let all = ingredient.resources.map { ($0, isTemplate: false) } + ingredient.templates.map { ($0, isTemplate: true) }
        let chosen = select(all, by: include.resources, of: ingredient, "resource", { [$0.0.name, $0.0.uri] })
        for (item, isTemplate) in chosen {
            let source = Source(server: ingredient.name, original: item.uri, isRemote: ingredient.isRemote)
            if !isTemplate, choosePage(item) { continue }
            guard isFree(item.uri, "resource", source, include) else { continue }
            if isTemplate { offer.templates.append(item) } else { offer.resources.append(item) }
        }
        if include.resources.contains(where: { $0.value == "*" }) { offer.unlistedResources = offer.unlistedResources ?? ingredient.origin }
        if chosen.contains(where: \.isTemplate) { offer.completes = offer.completes || ingredient.completes }
        if ingredient.tellsOfUpdates { offer.tellsOfUpdates = true }
    }
}
