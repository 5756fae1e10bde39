import HTTPTypes
import NIOCore

/// Reads header fields, and notes what the framing of the message depends on (RFC 9112 §5, §6).
struct HTTP1Fields {
    private var list: [HTTPField] = []
    /// The values of `Host`, which is not among the fields.
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

        private static let closeBytes = Array("close".utf8)
        private static let keepAliveBytes = Array("keep-alive".utf8)

        /// Reads a list of tokens; what is none asks for nothing.
        mutating func read(_ bytes: Span<UInt8>, _ value: Range<Int>) {
            var start = value.lowerBound
            while start < value.upperBound {
                var comma = start
                while comma < value.upperBound, bytes[comma] != UInt8(ascii: ",") { comma += 1 }
                let option = HTTP1FieldLine.trimmed(start..<comma, of: bytes)
                if HTTP1FieldNames.isSame(Self.closeBytes.span, bytes, option) { close = true }
                if HTTP1FieldNames.isSame(Self.keepAliveBytes.span, bytes, option) { keepAlive = true }
                start = comma + 1
            }
        }
    }

    private let limit: Int
    private var count = 0

    init(limit: Int, expecting count: Int = 16) {
        self.limit = limit
        list.reserveCapacity(count)
    }

    /// Reads the lines of a head that `HTTP1HeadScanner` measured, from `start` to the empty one at its end.
    init(of bytes: Span<UInt8>, from start: Int, in buffer: ByteBuffer, limit: Int) throws(HTTP1Error) {
        self.init(limit: limit)
        var start = start
        while start < bytes.count - 2 {
            let end = HTTP1HeadScanner.lineEnd(bytes, from: start)
            try read(line: start..<end, of: bytes, in: buffer, at: buffer.readerIndex)
            start = end + 2
        }
    }

    /// All but `Host`, in their order.
    var fields: HTTPFields {
        var fields = HTTPFields()
        fields.reserveCapacity(list.count)
        // One by one this takes several times as long.
        fields.replaceSubrange(0..<0, with: list)
        return fields
    }

    /// Reads one line without its end, counted from `base`.
    mutating func read(line: Range<Int>, of bytes: Span<UInt8>, in buffer: ByteBuffer, at base: Int) throws(HTTP1Error) {
        count += 1
        guard count <= limit else { throw HTTP1Error(.requestHeaderFieldsTooLarge, "There are more than \(limit) header fields") }
        let line = try HTTP1FieldLine(line, of: bytes)
        guard let (name, meaning) = HTTP1FieldNames.name(bytes, line.name) else { throw .bad("The name of a header field is malformed") }
        guard line.isASCII, let value = buffer.getString(at: base + line.value.lowerBound, length: line.value.count) else {
            guard meaning == .none, let raw = buffer.viewBytes(at: base + line.value.lowerBound, length: line.value.count) else {
                throw .bad("The value of a header field is malformed")
            }
            return list.append(HTTPField(name: name, lenientValue: raw))
        }
        switch meaning {
        case .none: break
        case .connection: connection.read(bytes, line.value)
        case .host: return hosts.append(value)
        case .contentLength: lengths.append(value)
        case .transferEncoding: codings.append(value)
        case .expect: expectsContinue = value.lowercased() == "100-continue"
        case .contentEncoding: hasContentEncoding = hasContentEncoding || value.lowercased() != "identity"
        }
        list.append(HTTPField(name: name, value: value))
    }

    /// Whether the connection is kept after the message (RFC 9112 §9.3).
    func keepsAlive(isHTTP10: Bool) -> Bool { !connection.close && (!isHTTP10 || connection.keepAlive) }

    /// A length: digits alone, not more than an `Int` holds.
    static func length(_ text: String) -> Int? {
        guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        return Int(text)
    }
}

/// Where the name and the value of one field are: `name ":" OWS value OWS` (RFC 9112 §5).
struct HTTP1FieldLine {
    /// A token.
    let name: Range<Int>
    /// Without the white space around it, and without control characters but tabs.
    let value: Range<Int>
    let isASCII: Bool

    /// Takes a line without its end apart. White space before it or before the colon makes it malformed, so nothing is folded.
    init(_ line: Range<Int>, of bytes: Span<UInt8>) throws(HTTP1Error) {
        let token = ASCIISet.token
        var colon = line.lowerBound
        while colon < line.upperBound, token.contains(bytes[colon]) { colon += 1 }
        guard colon < line.upperBound, colon > line.lowerBound, bytes[colon] == UInt8(ascii: ":") else {
            throw .bad("The name of a header field is malformed")
        }
        value = Self.trimmed((colon + 1)..<line.upperBound, of: bytes)
        var seen: UInt8 = 0
        for index in value {
            let byte = bytes[index]
            guard byte >= 0x20 ? byte != 0x7F : byte == 0x09 else { throw .bad("The value of a header field is malformed") }
            seen |= byte
        }
        name = line.lowerBound..<colon
        isASCII = seen < 0x80
    }

    /// What is left without the spaces and tabs around it.
    static func trimmed(_ range: Range<Int>, of bytes: Span<UInt8>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }
}
