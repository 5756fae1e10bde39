/// Finds what somebody meant to type.
public enum NearestName {
    /// Longer names are not compared: nobody mistypes them, and the work grows with the square.
    private static let longest = 64

    /// The known name fewest typing mistakes away from `name`; nil when none is near.
    public static func find(_ name: String, among known: some Sequence<String>) -> String? {
        let typed = Array(name.lowercased().utf8)
        guard !typed.isEmpty, typed.count <= longest else { return nil }
        let allowed = max(1, typed.count / 3)
        let ranked = known.filter { $0 != name && $0.utf8.count <= longest }
            .map { (name: $0, distance: distance(typed, Array($0.lowercased().utf8))) }
        return ranked.filter { $0.distance <= allowed }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    /// Insertions, removals, replacements and swaps of neighbours (optimal string alignment).
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard !a.isEmpty else { return b.count }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [Int](repeating: i, count: b.count + 1)
            for j in stride(from: 1, through: b.count, by: 1) {
                let replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                row[j] = min(last[j] + 1, row[j - 1] + 1, replaced)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], beforeLast[j - 2] + 1) }
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
