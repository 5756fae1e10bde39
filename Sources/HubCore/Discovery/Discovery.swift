import NIOConcurrencyHelpers
import NIOCore

/// An entry that has a document of its own saying how to reach it.
public protocol DescribedEntry: HubEntry {
    /// The media type of that document.
    static var cardType: String { get }
    /// Where it is, below the entry's own path.
    static var cardPath: String { get }
}

/// What the hub tells of its entries to those who look for some: an AI Catalog (`docs/decisions/0021`). One for each snapshot.
public final class Discovery: Sendable {
    /// One entry as the catalogue has it.
    public struct Listing: Sendable, Hashable {
        /// Which.
        public var key: EntryKey
        /// What it is for.
        public var purpose: String?

        /// A listing.
        public init(key: EntryKey, purpose: String?) {
            self.key = key
            self.purpose = purpose
        }
    }

    /// Where it is.
    public static let path = "/.well-known/ai-catalog.json"
    /// Its media type.
    public static let contentType = "application/ai-catalog+json"
    /// How many catalogues are kept: one for each set of entries that somebody sees, and each name of the hub.
    private static let maximumKept = 64

    /// Under which address callers know the hub.
    public let address: PublicAddress
    /// What there is, in order.
    public let listings: [Listing]
    /// Finds out who asks; nil where every entry is open to everybody.
    public let authenticator: (any Authenticator)?
    /// The agent whose card is also that of the hub.
    public let agent: String?

    private struct Key: Hashable {
        var base: HTTPAddress
        var visible: [Bool]
    }

    private let kept = NIOLockedValueBox<[Key: PublicDocument]>([:])

    /// What is told.
    public init(
        address: PublicAddress = PublicAddress(), listings: [Listing] = [], authenticator: (any Authenticator)? = nil, agent: String? = nil
    ) {
        self.address = address
        self.agent = agent
        self.listings = listings
        self.authenticator = authenticator
    }

    /// The catalogue of those entries of a snapshot that a caller sees.
    public func catalogue(at base: HTTPAddress, of snapshot: HubSnapshot, sees: (EntryKey) -> Bool) -> PublicDocument {
        let entries = listings.map { listing -> (Listing, any DescribedEntry)? in
            guard let entry = snapshot.entries[listing.key] as? any DescribedEntry, sees(listing.key) else { return nil }
            return (listing, entry)
        }
        let key = Key(base: base, visible: entries.map { $0 != nil })
        if let document = kept.withLockedValue({ $0[key] }) { return document }
        let document = PublicDocument(json: Self.json(entries.compactMap { $0 }, at: base), contentType: Self.contentType)
        kept.withLockedValue { kept in
            // Only a caller who makes names up comes so far.
            if kept.count >= Self.maximumKept { kept.removeAll() }
            kept[key] = document
        }
        return document
    }

    // AI Catalog 0.9.0, "Catalog Entry"; Server Cards, docs/discovery.md, "Server Card Entries".
    private static func json(_ entries: [(listing: Listing, entry: any DescribedEntry)], at base: HTTPAddress) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("specVersion", "0.9")
        json.key("entries")
        json.beginArray()
        for (listing, entry) in entries {
            let key = listing.key
            let type = Swift.type(of: entry)
            json.beginObject()
            json.member("identifier", "urn:air:\(base.publisher):\(key.name):\(key.kind.rawValue)")
            json.member("displayName", key.name)
            json.member("type", type.cardType)
            json.member("url", "\(base)/\(key.kind.rawValue)/\(key.name)\(type.cardPath)")
            if let purpose = listing.purpose { json.member("description", purpose) }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.buffer
    }
}
