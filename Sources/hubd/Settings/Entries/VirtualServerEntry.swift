import HubCore
import HubPolicy
import MCPHub

/// One of `virtualServers`, as written.
struct VirtualServerEntry: Sendable, Hashable {
    /// What is taken of one server.
    struct Include: Sendable, Hashable {
        /// What stands before the name of an agent in the place of a server.
        static let agent = "agents/"

        /// The server, or the agent.
        var server: Placed<String>
        /// The patterns of its tools, in order; nil is all of them.
        var tools: [Placed<String>]?
        /// The patterns of its prompts.
        var prompts: [Placed<String>] = []
        /// The patterns of its resources.
        var resources: [Placed<String>] = []
        /// What stands before the names of tools and prompts.
        var prefix = ""
    }

    /// The name, which stands in the path.
    var name: String
    /// Where the entry stands.
    var place: SourcePlace
    /// What the server is for.
    var purpose: String?
    /// What it is put together from, in order.
    var includes: [Include]
    /// Who may call.
    var auth: EntryAuth
    /// Changes to single tools by the names that they have here, in the order written.
    var tools: [ToolChange] = []
    /// The client that the list of tools is made for.
    var profile: Placed<ClientProfile>?
    /// How much the list says of each tool; nil is all.
    var list: Placed<ListDetail>?
    /// Who may use what of it, in order; nil is everybody who may call.
    var access: [Placed<AccessRule>]?
    /// How a caller finds the right tool among many.
    var routing = ToolRouting()
    /// What of the words of what it is put together from is believed.
    var trust = TrustEntry()
}
