public import NIOCore

/// The one spelling of a JSON value (RFC 8785): what is signed or pinned is the same bytes whoever wrote the value.
///
/// Members stand in the order of their names' UTF-16 code units, numbers as ECMAScript writes them, strings with the shortest escapes.
public enum CanonicalJSON {
    /// Deeper values are refused, whatever their document allowed.
    public static let maximumDepth = 256
    /// A longer number is refused: the exact decimal of any double has fewer digits.
    private static let longestNumber = 1_100

    /// The canonical bytes of a value.
    ///
    /// - Parameters:
    ///   - value: of a document that parsed.
    ///   - maximumBytes: the most that they may be; numbers can become longer than they were written.
    /// - Throws: `CanonicalJSONError` where there are none.
    public static func bytes(of value: JSONValue, maximumBytes: Int) throws(CanonicalJSONError) -> ByteBuffer {
        var writer = Writer(maximumBytes: maximumBytes)
        try writer.write(value, depth: 0)
        return writer.json.buffer
    }

    /// The canonical bytes of the value of a document.
    public static func bytes(of document: JSONDocument, maximumBytes: Int) throws(CanonicalJSONError) -> ByteBuffer {
        try bytes(of: document.root, maximumBytes: maximumBytes)
    }

    /// The canonical bytes of a text.
    ///
    /// - Throws: `CanonicalJSONError` of the reason `notJSON` also where the text is none, or has half of a surrogate pair in it.
    public static func bytes(parsing text: ByteBuffer, limits: JSONLimits) throws(CanonicalJSONError) -> ByteBuffer {
        let document: JSONDocument
        do throws(JSONParseError) {
            document = try JSONDocument(parsing: text, limits: limits)
        } catch {
            throw CanonicalJSONError(reason: error.reason == .duplicateKey ? .duplicateName : .notJSON(error.reason), offset: error.offset)
        }
        return try bytes(of: document, maximumBytes: limits.maximumBytes)
    }

    /// A number as ECMAScript's `Number::toString` writes it (ECMA-262 §6.1.6.1.20); nil for what is no finite double.
    static func number(_ text: String) -> String? {
        guard text.utf8.count <= longestNumber, let value = Double(text), value.isFinite else { return nil }
        guard value != 0 else { return "0" }
        // The shortest digits that read back as the value, and the nearest of those: what ECMAScript asks for.
        let (digits, exponent) = decimal(of: value.magnitude)
        let sign = value < 0 ? "-" : ""
        let text = String(decoding: digits, as: UTF8.self)
        let point = exponent + 1
        switch point {
        case digits.count...21 where digits.count <= 21:
            return sign + text + String(repeating: "0", count: point - digits.count)
        case 1...21:
            return sign + text.prefix(point) + "." + text.dropFirst(point)
        case -5...0:
            return sign + "0." + String(repeating: "0", count: -point) + text
        default:
            let fraction = digits.count > 1 ? "." + text.dropFirst() : ""
            return sign + text.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+") + String(exponent.magnitude)
        }
    }

    /// The digits without zeros at either end, and the power of ten that the first of them counts.
    private static func decimal(of value: Double) -> (digits: [UInt8], exponent: Int) {
        let written = Array(value.description.utf8)
        let mark = written.firstIndex(of: UInt8(ascii: "e")) ?? written.count
        var exponent = Int(String(decoding: written[mark...].dropFirst(), as: UTF8.self)) ?? 0
        let mantissa = written[..<mark]
        let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mark
        var digits = mantissa.filter { $0 != UInt8(ascii: ".") }
        let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
        exponent += point - 1 - zeros
        digits.removeFirst(zeros)
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (digits, exponent)
    }

    private struct Writer {
        var json = JSONWriter()
        let maximumBytes: Int

        mutating func write(_ value: JSONValue, depth: Int) throws(CanonicalJSONError) {
            guard depth <= CanonicalJSON.maximumDepth else { throw CanonicalJSONError(reason: .tooDeep, offset: value.offset) }
            switch value.kind {
            case .null: json.null()
            case .true: json.bool(true)
            case .false: json.bool(false)
            case .string: json.string(value.string ?? "")
            case .number:
                guard let text = value.numberText.flatMap(CanonicalJSON.number) else {
                    throw CanonicalJSONError(reason: .number, offset: value.offset)
                }
                json.raw(text)
            case .array:
                json.beginArray()
                for element in value.elements { try write(element, depth: depth + 1) }
                json.endArray()
            case .object:
                json.beginObject()
                for member in try sorted(value) {
                    json.key(member.name)
                    try write(member.value, depth: depth + 1)
                }
                json.endObject()
            }
            guard json.buffer.readableBytes <= maximumBytes else { throw CanonicalJSONError(reason: .tooLarge, offset: value.offset) }
        }

        private func sorted(_ object: JSONValue) throws(CanonicalJSONError) -> [(name: String, value: JSONValue)] {
            let members = object.members.map { (name: $0.name.string ?? "", value: $0.value) }
                .sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
            for (a, b) in zip(members, members.dropFirst()) where a.name.utf8.elementsEqual(b.name.utf8) {
                throw CanonicalJSONError(reason: .duplicateName, offset: b.value.offset)
            }
            return members
        }
    }
}

/// Why a value has no canonical form.
public struct CanonicalJSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What stands in the way.
    public enum Reason: Sendable, Hashable {
        /// The text is not JSON, or has half of a surrogate pair in it (RFC 7493 §2.1).
        case notJSON(JSONParseError.Reason)
        /// An object has two members of one name: their meaning depends on who reads them.
        case duplicateName
        /// A number that no finite double of IEEE 754 stands for, or one of over a thousand digits.
        case number
        /// Deeper than `CanonicalJSON.maximumDepth`.
        case tooDeep
        /// Longer than the limit.
        case tooLarge
    }

    /// What stands in the way.
    public var reason: Reason
    /// Where, in bytes from the start of the text.
    public var offset: Int

    /// The reason and the place; none of the text itself.
    public var description: String {
        let text =
            switch reason {
            case .notJSON(let reason): reason.rawValue
            case .duplicateName: "a member name stands twice"
            case .number: "a number is outside binary64"
            case .tooDeep: "the value is nested too deeply"
            case .tooLarge: "the value is too large"
            }
        return "\(text) (byte \(offset))"
    }
}
