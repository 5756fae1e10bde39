import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The prompts, resources or templates of one server as ready bytes, for each revision that asked once.
final class ItemListing: Sendable {
    /// What is listed.
    enum Kind: Sendable {
        case prompts
        case resources
        case templates

        /// The member of the result that has the list.
        var listName: String {
            switch self {
            case .prompts: "prompts"
            case .resources: "resources"
            case .templates: "resourceTemplates"
            }
        }

        /// The member of an item that has its address.
        fileprivate var addressName: String? {
            switch self {
            case .prompts: nil
            case .resources: "uri"
            case .templates: "uriTemplate"
            }
        }
    }

    /// What is listed.
    let kind: Kind
    private let items: [ServerOffer.Item]
    private let ready = NIOLockedValueBox<[ProtocolRevision: ByteBuffer]>([:])

    init(_ kind: Kind, _ items: [ServerOffer.Item]) {
        self.kind = kind
        self.items = items
    }

    /// Whether two listings read the same.
    func isSame(as other: ItemListing) -> Bool {
        items.count == other.items.count
            && zip(items, other.items).allSatisfy { $0.name == $1.name && $0.uri == $1.uri && $0.members == $1.members }
    }

    /// The array of items, with the members that the revision knows.
    func bytes(for revision: ProtocolRevision) -> ByteBuffer {
        ready.withLockedValue { ready in
            if let bytes = ready[revision] { return bytes }
            var json = JSONWriter()
            json.beginArray()
            for item in items { write(item, revision, to: &json) }
            json.endArray()
            ready[revision] = json.buffer
            return json.buffer
        }
    }

    private func write(_ item: ServerOffer.Item, _ revision: ProtocolRevision, to json: inout JSONWriter) {
        json.beginObject()
        if let addressName = kind.addressName { json.member(addressName, item.uri) }
        json.member("name", item.name)
        if let document = try? JSONDocument(parsing: item.members, limits: .payload) {  // it was JSON when it was listed
            for (name, value) in document.root.members where Self.isKnown(name, revision) {
                json.key(name)
                json.value(value)
            }
        }
        json.endObject()
    }

    /// Titles and `_meta` are from 2025-06-18 on, pictures from 2025-11-25 on. Name and address are written already.
    private static func isKnown(_ name: JSONValue, _ revision: ProtocolRevision) -> Bool {
        switch name.string {
        case "name", "uri", "uriTemplate": false
        case "title", "_meta": revision >= .v2025_06_18
        case "icons": revision >= .v2025_11_25
        default: true
        }
    }
}
