import Crypto
import HubCore
import NIOCore

/// What a request is known by in a cache: SHA-256 over its parts. Two requests have one digest where they say the same: members in another order
/// and white space make no difference, any other way to write a number does.
struct RequestDigest: Sendable, Hashable {
    private let bytes: [UInt8]

    /// Puts the parts together.
    struct Builder {
        private var hash = SHA256()
        private var waiting: [UInt8] = []

        /// Adds a text, told from its neighbours by its length.
        mutating func add(_ text: String) { add(UInt8(ascii: "\""), Array(text.utf8)) }

        /// Adds bytes as they are.
        mutating func add(_ bytes: ByteBuffer) { add(UInt8(ascii: "b"), Array(bytes.readableBytesView)) }

        /// Adds a value.
        mutating func add(_ value: JSONValue) {
            switch value.kind {
            case .null: add(UInt8(ascii: "n"))
            case .true: add(UInt8(ascii: "t"))
            case .false: add(UInt8(ascii: "f"))
            case .number: add(UInt8(ascii: "0"), Array((value.numberText ?? "").utf8))
            case .string: add(value.string ?? "")
            case .array:
                add(UInt8(ascii: "["))
                for element in value.elements { add(element) }
                add(UInt8(ascii: "]"))
            case .object: add(members(of: value, without: []))
            }
        }

        /// Adds an object without some of its members.
        mutating func add(_ object: JSONValue, without names: Set<String>) { add(members(of: object, without: names)) }

        private func members(of object: JSONValue, without names: Set<String>) -> [(name: String, value: JSONValue)] {
            object.members.map { (name: $0.name.string ?? "", value: $0.value) }.filter { !names.contains($0.name) }
                .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }

        private mutating func add(_ members: [(name: String, value: JSONValue)]) {
            add(UInt8(ascii: "{"))
            for member in members {
                add(member.name)
                add(member.value)
            }
            add(UInt8(ascii: "}"))
        }

        private mutating func add(_ mark: UInt8, _ text: [UInt8]) {
            add(mark)
            addLength(text.count)
            waiting += text
        }

        private mutating func add(_ mark: UInt8) {
            if waiting.count >= 4096 { flush() }
            waiting.append(mark)
        }

        private mutating func addLength(_ count: Int) {
            for shift in stride(from: 24, through: 0, by: -8) { waiting.append(UInt8(truncatingIfNeeded: count >> shift)) }
        }

        private mutating func flush() {
            hash.update(data: waiting)
            waiting.removeAll(keepingCapacity: true)
        }

        /// The digest of what was added.
        consuming func digest() -> RequestDigest {
            flush()
            return RequestDigest(bytes: Array(hash.finalize()))
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }
}
