/// The names of the arguments of one tool: `[A-Za-z_][A-Za-z0-9_]{0,63}`, because one odd name makes a provider refuse the whole request.
///
/// 1. The name on the wire where it is safe, otherwise its letters and digits.
/// 2. Where several arguments come to one name, each gets its place: `id_path`, `id_body`.
/// 3. Where that does not tell them apart either, each gets six characters for its name on the wire.
enum ArgumentNames {
    static let maximumLength = 64
    /// The longest name that something may have on the wire.
    static let maximumWireLength = 1_024

    /// The names, in the order of `bindings`, each once. A binding that has a name already is called so as far as that is safe.
    static func make(_ bindings: [ArgumentBinding]) -> [String] {
        var names = bindings.map { safe($0) }
        names = resolve(names) { name, index in
            SafeName.shortened(name + "_" + bindings[index].place.rawValue, original: bindings[index].wireName, limit: maximumLength)
        }
        names = resolve(names) { name, index in
            SafeName.hashed(name, original: bindings[index].wireName, limit: maximumLength)
        }
        var taken: Set<String> = []
        return names.enumerated().map { index, name in
            var result = name
            var round = 1
            while !taken.insert(result).inserted {
                round += 1
                result = SafeName.hashed(name, original: "\(bindings[index].wireName) \(round)", limit: maximumLength)
            }
            return result
        }
    }

    private static func safe(_ binding: ArgumentBinding) -> String {
        let original = binding.name.isEmpty ? binding.wireName : binding.name
        if original.isEmpty { return binding.place.rawValue }
        let name = SafeName.identifier(original)
        if name.utf8.allSatisfy({ $0 == UInt8(ascii: "_") }) { return "argument_" + SafeName.hash(original) }
        return SafeName.shortened(name, original: original, limit: maximumLength)
    }

    private static func resolve(_ names: [String], by rename: (String, Int) -> String) -> [String] {
        var counts: [String: Int] = [:]
        for name in names { counts[name, default: 0] += 1 }
        guard counts.count < names.count else { return names }
        return names.enumerated().map { index, name in counts[name] == 1 ? name : rename(name, index) }
    }
}
