/// How long the names of a server's tools may be, and what becomes of longer ones.
public struct NameBudget: Sendable, Hashable {
    /// The most bytes of a name.
    public let limit: Int

    /// The budget of a server: 64, as model providers take, and 60 with the name of the server, as the narrowest client counts. A server's
    /// name that leaves less than 32 leaves 32.
    public init(besideServer server: String) {
        limit = max(32, min(64, 60 - server.utf8.count))
    }

    /// The name as it is where it fits; otherwise its beginning, and six characters that stand for the whole of it, so that the same name
    /// always becomes the same one whatever other names there are.
    public func fit(_ name: String) -> String {
        guard name.utf8.count > limit else { return name }
        var (kept, bytes) = ("", 0)
        for character in name {
            bytes += character.utf8.count
            guard bytes <= limit - 7 else { break }
            kept.append(character)
        }
        while kept.hasSuffix("_") { kept.removeLast() }
        return kept + "_" + FNV1a.digits(of: name)
    }
}
