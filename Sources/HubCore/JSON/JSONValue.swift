public import NIOCore

/// A JSON text that parsed: its bytes, untouched, and a flat tape of where each value lies in them.
///
/// Immutable and shared by every `JSONValue` read from it. Order, repeated names and the spelling of numbers are as written.
public final class JSONDocument: Sendable {
    /// The text.
    public let bytes: ByteBuffer
    let tape: [JSONTapeEntry]
    let acceptsDuplicates: Bool

    /// Parses the readable bytes of `bytes`.
    ///
    /// - Throws: `JSONParseError` with the place, when the text is not JSON or passes one of `limits`.
    public init(parsing bytes: ByteBuffer, limits: JSONLimits) throws(JSONParseError) {
        var parser = JSONTapeParser(limits: limits)
        let slice = bytes.slice()
        try parser.parse(slice.readableBytesUInt8Span)
        self.bytes = slice
        self.tape = parser.tape
        self.acceptsDuplicates = limits.duplicateKeys == .accept
    }

    /// Parses the UTF-8 bytes of `text`.
    public convenience init(parsing text: String, limits: JSONLimits) throws(JSONParseError) {
        try self.init(parsing: ByteBuffer(string: text), limits: limits)
    }

    private init() {
        bytes = ByteBuffer(staticString: "null")
        tape = [JSONTapeEntry(kind: .null, start: 0, end: 4, next: 1)]
        acceptsDuplicates = false
    }

    static let empty = JSONDocument()

    /// The one value of the text.
    public var root: JSONValue { JSONValue(document: self, index: 0) }

    /// The value or the name at a place on the tape (`JSONValue.index`); nil past its end.
    public func value(at index: Int) -> JSONValue? {
        tape.indices.contains(index) ? JSONValue(document: self, index: index) : nil
    }
}

/// A value inside a `JSONDocument`: a document and a place, cheap to copy, decoded only where it is asked.
public struct JSONValue: Sendable {
    /// The text this value is part of.
    public let document: JSONDocument
    /// The place on the tape. Stable for a document: usable as a key for what has been seen of it.
    public let index: Int

    init(document: JSONDocument, index: Int) {
        self.document = document
        self.index = index
    }

    private var entry: JSONTapeEntry { document.tape[index] }

    /// What the value is.
    public var kind: JSONKind { entry.kind }
    /// Whether it is `null`.
    public var isNull: Bool { kind == .null }
    /// The number of elements of an array or members of an object; 0 for all else.
    public var count: Int { entry.count }
    /// The number of values and member names that it consists of, itself included.
    public var extent: Int { Int(entry.next) - index }
    /// Where the value starts in the text, in bytes; for a string, at its opening quote.
    public var offset: Int { range.lowerBound }

    /// Where the value stands in the text, with its quotes or brackets.
    public var range: Range<Int> {
        let entry = entry
        return entry.kind == .string ? Int(entry.start) - 1..<Int(entry.end) + 1 : Int(entry.start)..<Int(entry.end)
    }

    /// The bytes of the value as written: a slice, not a copy.
    public var rawBytes: ByteBuffer {
        let range = range
        return document.bytes.getSlice(at: document.bytes.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    // MARK: Scalars

    /// The text of a string, unescaped; nil for all else.
    public var string: String? { kind == .string ? text : nil }

    /// A number as it was written; nil for all else.
    public var numberText: String? { kind == .number ? text : nil }

    /// `true` or `false`; nil for all else.
    public var bool: Bool? {
        switch kind {
        case .true: true
        case .false: false
        case .null, .number, .string, .array, .object: nil
        }
    }

    /// An integer that fits; nil for a fraction, an exponent, a value out of range, or no number at all.
    public var int: Int? { numberText.flatMap { Int($0) } }

    /// A number as a double, which may round; nil for no number.
    public var double: Double? { numberText.flatMap { Double($0) } }

    /// Whether this is a string with just this text, without making a `String`.
    public func isString(_ text: String) -> Bool { kind == .string && content(equals: text) }

    /// Whether this is a string that begins with this text, without making a `String`.
    public func hasPrefix(_ text: String) -> Bool {
        guard kind == .string else { return false }
        let entry = entry
        if entry.hasEscapes { return self.text.utf8.starts(with: text.utf8) }
        return entry.length >= text.utf8.count && hasBytes(text.utf8Span.span, at: Int(entry.start))
    }

    /// Whether this and `other` are strings of the same text, without making a `String`.
    public func isString(sameAs other: JSONValue) -> Bool {
        guard kind == .string, other.kind == .string else { return false }
        let (mine, theirs) = (entry, other.entry)
        if mine.hasEscapes || theirs.hasEscapes { return text.utf8.elementsEqual(other.text.utf8) }
        guard mine.length == theirs.length else { return false }
        let buffer = other.document.bytes
        return hasBytes(buffer.readableBytesUInt8Span.extracting(Int(theirs.start)..<Int(theirs.end)), at: Int(mine.start))
    }

    private var text: String {
        let entry = entry
        let buffer = document.bytes
        let bytes = buffer.readableBytesUInt8Span
        if entry.hasEscapes {
            return String(decoding: JSONString.unescape(bytes, from: Int(entry.start), to: Int(entry.end)), as: UTF8.self)
        }
        return document.bytes.getString(at: document.bytes.readerIndex + Int(entry.start), length: entry.length) ?? ""
    }

    private func content(equals text: String) -> Bool {
        let entry = entry
        if entry.hasEscapes { return self.text.utf8.elementsEqual(text.utf8) }  // `==` would also take U+212A for K
        let wanted = text.utf8Span.span
        return entry.length == wanted.count && hasBytes(wanted, at: Int(entry.start))
    }

    private func hasBytes(_ wanted: Span<UInt8>, at start: Int) -> Bool {
        let buffer = document.bytes
        let bytes = buffer.readableBytesUInt8Span
        for offset in wanted.indices where bytes[start + offset] != wanted[offset] { return false }
        return true
    }

    // MARK: Containers

    /// The value of a member of an object: the last of that name, or nil.
    public subscript(_ name: String) -> JSONValue? {
        guard kind == .object else { return nil }
        var found: JSONValue?
        for member in members where member.name.content(equals: name) {
            guard document.acceptsDuplicates else { return member.value }
            found = member.value
        }
        return found
    }

    /// The value at a path of member names.
    public subscript(path names: String...) -> JSONValue? {
        var value: JSONValue? = self
        for name in names { value = value?[name] }
        return value
    }

    /// The elements of an array, in order; empty for all else.
    public var elements: Elements { Elements(document: document, entry: kind == .array ? entry : nil, index: index) }

    /// The members of an object, in the order written; empty for all else.
    public var members: Members { Members(document: document, entry: kind == .object ? entry : nil, index: index) }

    /// The elements of one array.
    public struct Elements: Sequence, IteratorProtocol, Sendable {
        private let document: JSONDocument
        private var index: Int
        private let end: Int

        fileprivate init(document: JSONDocument, entry: JSONTapeEntry?, index: Int) {
            self.document = document
            self.index = index + 1
            self.end = entry.map { Int($0.next) } ?? 0
        }

        /// No elements.
        public static let none = Elements()

        private init() {
            document = .empty
            index = 0
            end = 0
        }

        /// The next element.
        public mutating func next() -> JSONValue? {
            guard index < end else { return nil }
            defer { index = Int(document.tape[index].next) }
            return JSONValue(document: document, index: index)
        }
    }

    /// The members of one object.
    public struct Members: Sequence, IteratorProtocol, Sendable {
        /// Names and values by turns: on the tape a name is an entry like any other.
        private var entries: Elements

        fileprivate init(document: JSONDocument, entry: JSONTapeEntry?, index: Int) {
            entries = Elements(document: document, entry: entry, index: index)
        }

        private init(_ entries: Elements) { self.entries = entries }

        /// No members.
        public static let none = Members(.none)

        /// The next member: its name, a string value, and its value.
        public mutating func next() -> (name: JSONValue, value: JSONValue)? {
            guard let name = entries.next(), let value = entries.next() else { return nil }
            return (name, value)
        }
    }
}
