import HubCore

/// What an operator says of an agent elsewhere, in place of what it says of itself.
public struct CardWords: Sendable, Hashable {
    /// A name for people; nil: the agent's own.
    public var name: String?
    /// What it is for; nil: the agent's own words.
    public var description: String?
    /// Its version; nil: the agent's own.
    public var version: String?

    /// What is said.
    public init(name: String? = nil, description: String? = nil, version: String? = nil) {
        (self.name, self.description, self.version) = (name, description, version)
    }
}

/// The card of an agent elsewhere as the hub's callers see it.
///
/// 1. What the agent is and can do is its own word, where the operator has none: name, description, version, provider, skills, media types,
///    extensions.
/// 2. How it is reached, and what for a caller needs a credential, is the hub's: interfaces, security schemes and requirements, what of streams,
///    notifications and the extended card there is.
/// 3. No address of the agent is in it. Where texts name one of its interfaces, they name the hub's; pages and pictures at the agent's host, or
///    at one that is not public, are left out.
/// 4. Its signatures are left out: they do not hold for this card.
struct ProxiedAgentCard {
    /// What the agent says.
    let theirs: AgentCard
    /// What the hub would say of an agent of its own.
    let own: AgentCard
    /// What the operator says.
    let words: CardWords

    /// The card.
    var card: AgentCard {
        let places = places
        func shown(_ text: String) -> String { self.shown(text, without: places) }
        var card = own
        card.name = words.name ?? shown(theirs.name)
        card.description = words.description ?? shown(theirs.description)
        card.version = words.version ?? theirs.version
        card.provider = theirs.provider.map { provider in
            AgentProvider(organization: shown(provider.organization), url: page(provider.url) ?? ownURL)
        }
        card.documentationURL = theirs.documentationURL.flatMap(page)
        card.iconURL = theirs.iconURL.flatMap { $0.hasPrefix("data:") ? $0 : page($0) }
        card.capabilities.extensions = theirs.capabilities.extensions.map { known in
            var known = known
            known.description = known.description.map(shown)
            return known
        }
        card.defaultInputModes = theirs.defaultInputModes
        card.defaultOutputModes = theirs.defaultOutputModes
        card.skills = theirs.skills.map { skill in
            var skill = skill
            (skill.name, skill.description, skill.security) = (shown(skill.name), shown(skill.description), [])
            skill.examples = skill.examples.map(shown)
            return skill
        }
        return card
    }

    private var ownURL: String { own.interfaces.first?.url ?? "" }

    private func shown(_ text: String, without places: [String]) -> String {
        guard text.contains("://") else { return text }
        return places.reduce(text) { text, place in text.replacing(place, with: ownURL) }
    }

    /// The most addresses of interfaces that are looked for in texts.
    private static let mostPlaces = 16

    /// What is replaced in texts: addresses of interfaces, and then their origins, each once. None is part of the hub's own address, which stands
    /// in its place: texts would grow with each.
    private var places: [String] {
        var written: [String] = []
        for interface in theirs.interfaces where written.count < Self.mostPlaces {
            let place = String(interface.url.prefix { $0 != "?" && $0 != "#" })
            if HTTPAddress(place) != nil, !written.contains(place) { written.append(place) }
        }
        return (written + written.compactMap { HTTPAddress($0)?.origin }).filter { !ownURL.contains($0) }
    }

    /// A page that everybody may know of.
    private func page(_ url: String) -> String? {
        guard let address = HTTPAddress(String(url.prefix { $0 != "?" && $0 != "#" })), !hosts.contains(address.host) else { return nil }
        switch address.hostClass {
        case .public: return url
        case .name: return address.host.contains(".") ? url : nil
        case .loopback, .restricted: return nil
        }
    }

    private var hosts: Set<String> {
        Set(theirs.interfaces.compactMap { HTTPAddress(String($0.url.prefix { $0 != "?" && $0 != "#" }))?.host })
    }
}
