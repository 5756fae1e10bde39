import MCPHub

/// What one entry at `/mcp/` shows, for `hubd check`.
struct ServerReport: Sendable {
    /// The name of the entry.
    var server: String
    /// How large its list of tools is.
    var list: ListReport
    /// How many prompts it has.
    var prompts = 0
    /// How many resources and templates of resources it has.
    var resources = 0
    /// The servers of which nothing is known at present.
    var away: [String] = []
    /// The servers that nothing was asked of: `hubd check --offline` reaches none.
    var unread: [String] = []
    /// Whether callers reach it by itself.
    var isExposed = true

    /// The report of an offer.
    init(_ server: String, _ offer: ServerOffer, list: ListReport, unread: [String] = [], isExposed: Bool = true) {
        self.server = server
        self.list = list
        self.unread = unread
        self.isExposed = isExposed
        prompts = offer.prompts.count
        resources = offer.resources.count + offer.templates.count
        away = offer.away
    }

    /// One line for people.
    var description: String {
        var text = "\(server): \(list.description)"
        if prompts > 0 { text += "; \(prompts) prompts" }
        if resources > 0 { text += "; \(resources) resources" }
        if !away.isEmpty { text += "; away: \(away.joined(separator: ", "))" }
        if !unread.isEmpty { text += "; not looked at: \(unread.joined(separator: ", "))" }
        if !isExposed { text += "; not exposed" }
        return ConfigFinding.shown(text, atMost: 4_000)
    }
}
