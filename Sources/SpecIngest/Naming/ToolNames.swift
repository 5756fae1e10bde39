/// The names of the tools of one API.
///
/// 1. The `operationId` in letters, digits and `_`; where there is none, or nothing of it is left, the method and the words of the path.
/// 2. At most 64 characters: longer ones are cut at a word's border and end in `_` and six characters for the whole.
/// 3. Where several operations come to one name, each of them gets six characters for its method and path, so that the order
///    of the document does not matter and an operation that is added renames at most the one it clashes with.
enum ToolNames {
    /// What a name is made of.
    struct Source {
        var operationID: String?
        var method: String
        var path: String
    }

    static let maximumLength = 64

    /// The names, in the order of `sources`; each once.
    static func make(_ sources: [Source]) -> [String] {
        let first = sources.map { name(of: $0) }
        var counts: [String: Int] = [:]
        for name in first { counts[name, default: 0] += 1 }
        var taken = Set(counts.filter { $0.value == 1 }.keys)
        return zip(sources, first).map { source, name in
            if counts[name] == 1 { return name }
            let original = source.method + " " + source.path
            var result = SafeName.hashed(name, original: original, limit: maximumLength)
            var round = 1
            // Six characters that fall together are rare; then the round goes into the hash.
            while !taken.insert(result).inserted {
                round += 1
                result = SafeName.hashed(name, original: "\(original) \(round)", limit: maximumLength)
            }
            return result
        }
    }

    private static func name(of source: Source) -> String {
        if let id = source.operationID {
            let name = SafeName.identifier(id)
            if !name.isEmpty { return SafeName.shortened(name, original: id, limit: maximumLength) }
        }
        let words = SafeName.words(source.path)
        let name = SafeName.identifier(source.method.lowercased() + "_" + (words.isEmpty ? "root" : words))
        return SafeName.shortened(name, original: source.method + " " + source.path, limit: maximumLength)
    }
}
