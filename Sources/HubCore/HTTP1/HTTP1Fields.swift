import HTTPTypes
import NIOCore

/// Reads header fields, and notes what the framing of the message depends on (RFC 9112 §5, §6).
struct HTTP1Fields {
    private(set) var fields = HTTPFields()
    /// The values of `Host`, which are not among `fields`.
    private(set) var hosts: [String] = []
    private(set) var lengths: [String] = []
    private(set) var codings: [String] = []
    private(set) var hasContentEncoding = false
    private(set) var connection = ConnectionOptions()
    private(set) var expectsContinue = false

    /// What `Connection` asks for.
    struct ConnectionOptions {
        var close = false
        var keepAlive = false
    }

    private let limit: Int
    private var count = 0

    init(limit: Int, expecting count: Int = 16) {
        self.limit = limit
        fields.reserveCapacity(count)
    }

    /// Reads one line without its end: `name ":" OWS value OWS`.
    mutating func read(line: Range<Int>, of bytes: Span<UInt8>, in buffer: ByteBuffer, at base: Int) throws(HTTP1Error) {
        count += 1
        guard count <= limit else { throw HTTP1Error(.requestHeaderFieldsTooLarge, "There are more than \(limit) header fields") }
        var colon = line.lowerBound
        while colon < line.upperBound, ASCIISet.token.contains(bytes[colon]) { colon += 1 }
        guard colon < line.upperBound, colon > line.lowerBound, bytes[colon] == UInt8(ascii: ":") else {
            throw .bad("The name of a header field is malformed")
        }
        var (start, end) = (colon + 1, line.upperBound)
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        var isASCII = true
        for index in start..<end {
            let byte = bytes[index]
            guard byte >= 0x20 ? byte != 0x7F : byte == 0x09 else { throw .bad("The value of a header field is malformed") }
            if byte >= 0x80 { isASCII = false }
        }
        guard let name = HTTP1FieldNames.name(bytes, line.lowerBound..<colon) else {
            throw .bad("The name of a header field is malformed")
        }
        guard isASCII, let value = buffer.getString(at: base + start, length: end - start) else {
            guard !Self.isFraming(name) else { throw .bad("The value of a header field is malformed") }
            let raw = buffer.viewBytes(at: base + start, length: end - start) ?? ByteBuffer().readableBytesView
            return fields.append(HTTPField(name: name, lenientValue: raw))
        }
        note(name, value)
    }

    private mutating func note(_ name: HTTPField.Name, _ value: String) {
        switch name.canonicalName {
        case "host": return hosts.append(value)
        case "content-length": lengths.append(value)
        case "transfer-encoding": codings.append(value)
        case "expect": expectsContinue = value.lowercased() == "100-continue"
        case "content-encoding": hasContentEncoding = hasContentEncoding || value.lowercased() != "identity"
        case "connection":
            for option in value.split(separator: ",") {
                switch option.lowercased().filter({ $0 != " " && $0 != "\t" }) {
                case "close": connection.close = true
                case "keep-alive": connection.keepAlive = true
                default: break
                }
            }
        default: break
        }
        fields.append(HTTPField(name: name, value: value))
    }

    private static func isFraming(_ name: HTTPField.Name) -> Bool {
        switch name.canonicalName {
        case "host", "content-length", "transfer-encoding", "content-encoding", "connection": true
        default: false
        }
    }

    /// Whether the connection is kept after the message (RFC 9112 §9.3).
    func keepsAlive(isHTTP10: Bool) -> Bool { !connection.close && (!isHTTP10 || connection.keepAlive) }

    /// A length: digits alone, not more than an `Int` holds.
    static func length(_ text: String) -> Int? {
        guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        return Int(text)
    }
}
