/// Tools by their whole names, written as identifiers are; capitals do not matter.
struct NameTable: Sendable {
    private var names = TermTable()
    /// The number of a name and a tool of that name, sorted.
    private var pairs: [UInt64] = []

    /// Longer names are not compared beyond this.
    static let longestName = 256

    var byteCount: Int { names.byteCount + 8 * pairs.capacity }

    mutating func add(_ name: String, tool: Int) {
        guard let number = names.add(Self.key(name.utf8)[...]) else { return }
        pairs.append(UInt64(number) << 32 | UInt64(tool))
    }

    mutating func finish() { pairs.sort() }

    /// The tools of a name, in the order of the catalogue.
    func tools(named name: some Sequence<UInt8>) -> [Int] {
        guard let number = names.find(Self.key(name)[...]) else { return [] }
        var (low, high) = (0, pairs.count)
        while low < high {
            let middle = (low + high) / 2
            if pairs[middle] >> 32 < UInt64(number) { low = middle + 1 } else { high = middle }
        }
        return pairs[low...].prefix { $0 >> 32 == UInt64(number) }.map { Int($0 & 0xFFFF_FFFF) }
    }

    private static func key(_ name: some Sequence<UInt8>) -> [UInt8] {
        name.prefix(longestName).map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
    }
}
