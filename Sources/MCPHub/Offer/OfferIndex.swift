import HubCore

/// What an offer has beside its tools: as lists, and by name and address.
final class OfferIndex: Sendable {
    let prompts: ItemListing
    let resources: ItemListing
    let templates: ItemListing
    private let offer: ServerOffer
    private let promptIndexes: [String: Int]
    private let resourceIndexes: [String: Int]
    private let patterns: [URITemplatePattern?]
    private let hasPages: Bool

    /// - Parameters:
    ///   - offer: all that the server shows.
    ///   - hasPages: whether tools lead to pages.
    ///   - listsPages: whether pages that come with tools are listed, because all callers see all tools.
    init(_ offer: ServerOffer, hasPages: Bool, listsPages: Bool) {
        self.offer = offer
        self.hasPages = hasPages
        prompts = ItemListing(.prompts, offer.prompts)
        resources = ItemListing(.resources, listsPages ? offer.resources : offer.resources.filter { !$0.comesWithTool })
        templates = ItemListing(.templates, offer.templates)
        promptIndexes = Self.indexes(offer.prompts.map(\.name))
        resourceIndexes = Self.indexes(offer.resources.map(\.uri))
        patterns = offer.templates.map { URITemplatePattern($0.uri) }
    }

    private static func indexes(_ names: [String]) -> [String: Int] {
        Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }

    // What is away may have had any of them: a client that was told that there are none would not ask again.
    var hasPrompts: Bool { !offer.prompts.isEmpty || !offer.away.isEmpty }
    var hasResources: Bool {
        hasPages || !offer.resources.isEmpty || !offer.templates.isEmpty || offer.unlistedResources != nil || !offer.away.isEmpty
    }

    /// The prompt of that name.
    func prompt(_ name: String) -> ServerOffer.Item? { promptIndexes[name].map { offer.prompts[$0] } }

    /// The template that reads so.
    func template(_ uri: String) -> ServerOffer.Item? { offer.templates.first { $0.uri == uri } }

    /// Where a resource is read: 1. where it is listed, 2. where the first template that fits it is, 3. where unlisted ones are. Templates
    /// are a server's words and addresses a caller's, so that the work of comparing them is bounded for all of them together.
    func origin(ofResource uri: String) -> (any MCPOrigin)? {
        if let index = resourceIndexes[uri] { return offer.resources[index].origin }
        return originByTemplate(uri) ?? offer.unlistedResources
    }

    /// Where a page is read by everybody, because it was chosen as the resource that it is: by its address or by a template's.
    func origin(ofChosenPage uri: String) -> (any MCPOrigin)? {
        if let index = resourceIndexes[uri] { return offer.resources[index].comesWithTool ? nil : offer.resources[index].origin }
        return originByTemplate(uri)
    }

    private func originByTemplate(_ uri: String) -> (any MCPOrigin)? {
        var work = URITemplatePattern.maximumWork
        for (pattern, item) in zip(patterns, offer.templates) {
            guard work > 0 else { break }
            if pattern?.matches(uri, work: &work) == true { return item.origin }
        }
        return nil
    }
}
