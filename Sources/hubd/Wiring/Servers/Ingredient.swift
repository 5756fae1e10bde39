import HubCore
import MCPHub

/// What one of `servers` has to show, by itself and in virtual servers.
struct Ingredient: Sendable {
    /// The name in the configuration.
    var name: String
    /// A name for people.
    var title: String?
    /// The version of what is behind it.
    var version: String?
    /// What a model should know before it uses the tools.
    var instructions: String?
    /// The tools in order, no two of one name.
    var tools: [ComposedTool]
    /// The prompts in order, no two of one name.
    var prompts: [ServerOffer.Item] = []
    /// The resources in order, no two of one address.
    var resources: [ServerOffer.Item] = []
    /// The templates of resources in order.
    var templates: [ServerOffer.Item] = []
    /// The MCP server that it is; nil where it is an API.
    var origin: (any MCPOrigin)?
    /// Whether its arguments can be completed.
    var completes = false
    /// Whether it writes a log that clients see.
    var logs = false
    /// Whether it tells of updates of single resources.
    var tellsOfUpdates = false
    /// The extensions of MCP that it declares.
    var extensions: ServerExtensions = []
    /// Whether what it has may change at any time: what does not fit then is left out, and is no error.
    var isRemote: Bool
    /// Why it does not answer at present, where what is known of it is from before.
    var problem: String?
    /// Whether its answers are the words of others, whom nobody trusts.
    var isDistrusted = false

    /// The tools that an entry shows.
    func tools(under pin: TrustEntry.Pin) -> [ComposedTool] { tools.filter { $0.standing.isShown(under: pin) } }

    /// All that it has, as its own entry shows it.
    func offer(_ served: ServedTools) -> ServerOffer {
        var offer = ServerOffer(tools: served.tools)
        offer.take(served)
        offer.prompts = prompts
        offer.resources = resources
        offer.templates = templates
        offer.unlistedResources = origin
        offer.completes = completes
        offer.logs = logs
        offer.tellsOfUpdates = tellsOfUpdates
        offer.extensions = extensions
        if problem != nil { offer.away = [name] }
        if isDistrusted, let origin { offer.distrusted = [origin.name] }
        return offer
    }
}
