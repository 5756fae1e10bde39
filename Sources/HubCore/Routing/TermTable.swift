/// Words and their numbers, counted from 0: one array of bytes instead of a dictionary of strings.
struct TermTable: Sendable {
    private var bytes: [UInt8] = []
    /// Where each word ends in `bytes`.
    private var ends: [UInt32] = []
    /// Open addressing: the number of a word plus one, 0 where there is none.
    private var slots: [UInt32]

    init() { slots = Array(repeating: 0, count: 16) }

    var count: Int { ends.count }
    /// The memory it takes.
    var byteCount: Int { bytes.capacity + 4 * (ends.capacity + slots.capacity) }

    /// The bytes of a word.
    subscript(number: Int) -> ArraySlice<UInt8> {
        bytes[(number == 0 ? 0 : Int(ends[number - 1]))..<Int(ends[number])]
    }

    /// The number of a word that was added.
    func find(_ word: ArraySlice<UInt8>) -> Int? {
        let slot = slot(of: word)
        return slots[slot] == 0 ? nil : Int(slots[slot]) - 1
    }

    /// The number of a word, which is added if it is new; nil once there is no room for more.
    mutating func add(_ word: ArraySlice<UInt8>) -> Int? {
        var slot = slot(of: word)
        if slots[slot] != 0 { return Int(slots[slot]) - 1 }
        guard bytes.count + word.count < Int(UInt32.max) else { return nil }
        if ends.count * 2 >= slots.count {
            grow()
            slot = self.slot(of: word)
        }
        bytes += word
        ends.append(UInt32(bytes.count))
        slots[slot] = UInt32(ends.count)
        return ends.count - 1
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for number in ends.indices {
            let slot = slot(of: self[number])
            slots[slot] = UInt32(number + 1)
        }
    }

    /// Where a word is, or where it would be.
    private func slot(of word: ArraySlice<UInt8>) -> Int {
        // Hasher is seeded for each process: who writes descriptions cannot choose words that meet in one slot.
        var hasher = Hasher()
        var chunk: UInt64 = 0
        var filled = 0
        for byte in word {
            chunk = chunk << 8 | UInt64(byte)
            filled += 1
            if filled & 7 == 0 { hasher.combine(chunk) }
        }
        hasher.combine(chunk)
        hasher.combine(filled)
        let mask = slots.count - 1
        var slot = hasher.finalize() & mask
        while slots[slot] != 0, !self[Int(slots[slot]) - 1].elementsEqual(word) { slot = (slot + 1) & mask }
        return slot
    }
}
