import NIOCore

/// Makes JSON fit by leaving out elements of arrays, and members of objects that are used as tables. Nothing is cut inside a text.
///
/// 1. What fits stays as it is.
/// 2. Of an array the first elements stay, as many as fit; where not even the first does, it is cut itself.
/// 3. Of an object every member stays. Room is shared so that small members keep all of theirs, and the large ones get the same.
/// 4. An object with so many large members that their share would be nothing is a table: the first that fit stay.
/// 5. Where an array may have only so many elements, that counts everywhere.
/// 6. What a cut would hardly make smaller, because it is large by its texts, stays whole.
struct AnswerCut {
    /// A place where something was left out.
    struct Place: Equatable {
        /// Names and positions from the root; empty for the root.
        var path: [String]
        /// The elements or members that are left.
        var shown: Int
        /// Those there were.
        var total: Int
    }

    /// A share below this shows nothing of an object or array.
    private static let smallestShare = 512
    /// An object with more members is a table.
    private static let mostMembers = 256

    /// What is left.
    var bytes: ByteBuffer { json.buffer }
    /// Where something was left out, in the order of the text.
    private(set) var places: [Place] = []
    private var json = JSONWriter()
    private var path: [String] = []
    private let sizes: JSONSizes
    private let maximumItems: Int

    /// The cut of a document; nil where it fits as it is, or no cut would make it smaller.
    init?(_ document: JSONDocument, maximumBytes: Int, maximumItems: Int?) {
        sizes = JSONSizes(document, maximumItems: maximumItems)
        self.maximumItems = maximumItems ?? .max
        let root = document.root
        let isTooLarge = document.bytes.readableBytes > maximumBytes && sizes.least < document.bytes.readableBytes / 8 * 7
        guard isTooLarge || sizes.hasLongArray(root) else { return nil }
        write(root, room: maximumBytes)
        guard !places.isEmpty || json.buffer.readableBytes < document.bytes.readableBytes else { return nil }
    }

    /// Whether an object is a table as soon as there is no room for it.
    static func mayBeTable(members: Int, containers: Int) -> Bool { members > mostMembers || containers > 8 }

    private mutating func write(_ value: JSONValue, room: Int) {
        guard sizes[value] > room || sizes.hasLongArray(value) else { return json.raw(value.compactBytes) }
        switch value.kind {
        case .null, .true, .false, .number, .string: json.value(value)
        case .array: writeArray(value, room: room)
        case .object: writeObject(value, room: room)
        }
    }

    private mutating func writeArray(_ array: JSONValue, room: Int) {
        var (left, shown) = (room - 2, 0)
        json.beginArray()
        for element in array.elements {
            let size = sizes[element] + 1
            guard shown < maximumItems, size <= left || shown == 0 else { break }
            if size <= left, !sizes.hasLongArray(element) {
                json.raw(element.compactBytes)
            } else {
                path.append(String(shown))
                write(element, room: max(0, left))
                path.removeLast()
            }
            left -= size
            shown += 1
        }
        json.endArray()
        if shown < array.count { places.append(Place(path: path, shown: shown, total: array.count)) }
    }

    private mutating func writeObject(_ object: JSONValue, room: Int) {
        var (fixed, large) = (2, [Int]())
        for (name, value) in object.members {
            fixed += sizes[name] + 2
            if value.kind == .array || value.kind == .object { large.append(sizes[value]) } else { fixed += sizes[value] }
        }
        let share = Self.share(of: room - fixed, among: large)
        let isTable = object.count > Self.mostMembers || share < Self.smallestShare
        if isTable, Self.mayBeTable(members: object.count, containers: large.count), sizes[object] > room {
            return writeTable(object, room: room)
        }
        json.beginObject()
        for (name, value) in object.members { writeMember(name, value, room: share) }
        json.endObject()
    }

    private mutating func writeTable(_ object: JSONValue, room: Int) {
        var (left, shown) = (room - 2, 0)
        json.beginObject()
        for (name, value) in object.members {
            let size = sizes[name] + sizes[value] + 2
            guard size <= left || shown == 0 else { break }
            writeMember(name, value, room: max(0, left))
            left -= size
            shown += 1
        }
        json.endObject()
        if shown < object.count { places.append(Place(path: path, shown: shown, total: object.count)) }
    }

    private mutating func writeMember(_ name: JSONValue, _ value: JSONValue, room: Int) {
        json.key(name)
        path.append(name.string ?? "")
        write(value, room: room)
        path.removeLast()
    }

    /// The most that each may have so that all together stay within `room`, those that need less having what they need.
    private static func share(of room: Int, among sizes: [Int]) -> Int {
        var (left, count) = (max(0, room), sizes.count)
        for size in sizes.sorted() {
            guard size * count <= left else { return left / count }
            left -= size
            count -= 1
        }
        return .max
    }
}
