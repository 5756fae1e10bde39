/// Where each value and key of a text stood, and where it begins in the JSON written for it; one entry each, in document order.
struct YAMLEntries: Sendable {
    private struct Place {
        var line: UInt32
        var column: UInt32
    }

    private var places: [Place] = []
    private var offsets: [UInt32] = []

    /// The number of values and keys.
    var count: Int { places.count }

    /// Adds an entry.
    mutating func append(_ position: SourcePosition, offset: Int) {
        places.append(Place(line: UInt32(clamping: position.line), column: UInt32(clamping: position.column)))
        offsets.append(UInt32(clamping: offset))
    }

    /// Adds all of `entries` but the first again, for JSON that was written again `shift` bytes further on.
    mutating func repeatInner(_ entries: Range<Int>, shift: Int) {
        for index in entries.dropFirst() {
            places.append(places[index])
            offsets.append(UInt32(clamping: Int(offsets[index]) + shift))
        }
    }

    /// Where an entry begins in the JSON.
    func offset(at index: Int) -> Int { Int(offsets[index]) }

    /// Where an entry stood.
    func position(at index: Int) -> SourcePosition {
        guard places.indices.contains(index) else { return SourcePosition(line: 1, column: 1) }
        return SourcePosition(line: Int(places[index].line), column: Int(places[index].column))
    }

    /// Where the entry that holds a byte of the JSON stood.
    func position(atOffset offset: Int) -> SourcePosition {
        position(at: offsets.index(ofLastUpTo: offset))
    }
}
