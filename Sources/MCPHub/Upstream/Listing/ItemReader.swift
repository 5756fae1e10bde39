import HubCore
import NIOCore

/// Reads one prompt, resource or template of a server's list.
enum ItemReader {
    /// The item, and the names of members that were left out because they are not what the schemas say.
    ///
    /// - Throws: `ItemProblem` where it cannot be offered.
    static func read(_ value: JSONValue, of list: CatalogueList) throws(ItemProblem) -> (item: Catalogue.Item, dropped: [String]) {
        var uri = ""
        if let address = list.addressMember {
            guard let text = value[address]?.listedText(upTo: ListedLength.uri) else { throw ItemProblem("it has no \(address)") }
            uri = text
        }
        guard let name = value["name"]?.listedText(upTo: ListedLength.name) ?? (uri.isEmpty ? nil : uri) else {
            throw ItemProblem("it has no name")
        }
        if list == .prompts, let arguments = value["arguments"], !arguments.isNull, !ListedMembers.isPromptArguments(arguments) {
            throw ItemProblem("its arguments are malformed")
        }
        let (members, dropped) = members(of: value, without: ["name", list.addressMember ?? "name"])
        return (Catalogue.Item(name: name, uri: uri, members: members), dropped)
    }

    private static func members(of value: JSONValue, without left: Set<String>) -> (members: ByteBuffer, dropped: [String]) {
        var json = JSONWriter()
        var dropped: [String] = []
        var names = Set<String>()
        json.beginObject()
        for (name, member) in value.members {
            // null is how some servers say nothing.
            guard let text = name.string, !left.contains(text), !member.isNull, names.insert(text).inserted else { continue }
            guard let bytes = bytes(of: member, named: text) else {
                if text != "_meta" || member.kind != .object { dropped.append(String(text.prefix(64))) }
                continue
            }
            json.key(name)
            json.raw(bytes)
        }
        json.endObject()
        return (json.buffer, dropped)
    }

    /// A member as it is passed on; nil: it is not.
    private static func bytes(of member: JSONValue, named name: String) -> ByteBuffer? {
        switch name {
        case "title", "description", "mimeType": member.kind == .string ? member.rawBytes : nil
        case "size": member.kind == .number ? member.rawBytes : nil
        case "annotations": ListedMembers.isAnnotations(member) ? member.compactBytes : nil
        case "icons": ListedMembers.icons(member)
        case "_meta": member.kind == .object ? ReservedMeta.kept(member) : nil
        default: member.compactBytes
        }
    }
}
