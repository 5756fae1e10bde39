/// What to say to somebody who gave a name that there is not.
enum NearestName {
    /// The second half of a sentence: the name that was probably meant, or those there are.
    static func hint(for name: String, among names: [String]) -> String {
        let near = names.map { (name: $0, distance: distance(name, $0)) }.min { $0.distance < $1.distance }
        if let near, near.distance <= max(1, near.name.utf8.count / 3) { return "did you mean \"\(near.name)\"?" }
        return "there are " + list(names)
    }

    /// Names in quotes, the first of them where there are many.
    static func list(_ names: some Collection<String>, limit: Int = 12) -> String {
        names.prefix(limit).map { "\"\($0)\"" }.joined(separator: ", ") + (names.count > limit ? " and others" : "")
    }

    /// How many letters to change, add or remove; case and separators do not count. Names past 64 bytes are far from all.
    private static func distance(_ a: String, _ b: String) -> Int {
        let normal = { (text: String) in
            text.utf8.prefix(65).filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }.map { $0 | 0x20 }
        }
        let (left, right) = (normal(a), normal(b))
        guard left.count <= 64, right.count <= 64 else { return .max }
        var row = Array(0...right.count)
        for (i, x) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in right.enumerated() {
                let substitution = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
