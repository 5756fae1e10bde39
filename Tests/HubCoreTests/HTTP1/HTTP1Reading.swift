import HTTPTypes
import HubCore
import NIOCore
import Testing

/// What a parser made of bytes, in a form that can be compared.
struct HTTP1Reading: Equatable {
    /// One line a message: what the head says, its fields, and after `||` the body; it ends with `.` where it is complete.
    var messages: [String] = []
    var error: HTTP1Error?
    /// Whether nothing is left of the input.
    var isConsumed = false

    /// Reads the requests that come in these pieces.
    static func requests(_ pieces: [[UInt8]], limits: HTTP1Limits = .test) -> HTTP1Reading {
        var parser = HTTP1RequestParser(limits: limits)
        var reading = HTTP1Reading()
        reading.read(pieces) { (buffer) throws(HTTP1Error) in
            try parser.next(from: &buffer).map { part in
                switch part {
                case .head(let head): .head(describe(head))
                case .body(let bytes): .body(bytes)
                case .end: .end
                }
            }
        }
        return reading
    }

    /// Reads the answers to `count` requests with this method; with `isClosed` the connection ends behind the pieces.
    static func answers(
        _ pieces: [[UInt8]], to method: HTTPRequest.Method = .get, count: Int = 1, isClosed: Bool = false, limits: HTTP1Limits = .test
    ) -> HTTP1Reading {
        var parser = HTTP1ResponseParser(limits: limits)
        var reading = HTTP1Reading()
        if count > 0 { parser.begin(method: method) }
        var begun = 1
        reading.read(pieces) { (buffer) throws(HTTP1Error) in
            if parser.isIdle, begun < count {
                begun += 1
                parser.begin(method: method)
            }
            return try parser.next(from: &buffer).map { describe($0) }
        }
        guard isClosed, reading.error == nil else { return reading }
        do throws(HTTP1Error) {
            if let part = try parser.endOfInput() { reading.add(describe(part)) }
        } catch {
            reading.error = error
        }
        return reading
    }

    /// A part of either kind of message.
    private enum Part {
        case head(String)
        case body(ByteBuffer)
        case end
    }

    private mutating func read(_ pieces: [[UInt8]], _ next: (inout ByteBuffer) throws(HTTP1Error) -> Part?) {
        var buffer = ByteBuffer()
        for piece in pieces {
            buffer.writeBytes(piece)
            do throws(HTTP1Error) {
                while let part = try next(&buffer) { add(part) }
            } catch {
                self.error = error
                return
            }
            // As a connection does between two reads.
            buffer.discardReadBytes()
        }
        isConsumed = buffer.readableBytes == 0
    }

    private mutating func add(_ part: Part) {
        switch part {
        case .head(let text): messages.append(text + " ||")
        case .body(let bytes): messages[messages.count - 1] += Self.text(bytes.readableBytesView)
        case .end: messages[messages.count - 1] += "."
        }
    }

    private static func describe(_ part: HTTP1ResponseParser.Part) -> Part {
        switch part {
        case .head(let head):
            let length = head.bodyLength.map(String.init) ?? "open"
            return .head("\(head.status) \(head.keepsAlive ? "keep" : "close") \(length)" + describe(head.fields))
        case .body(let bytes): return .body(bytes)
        case .end: return .end
        }
    }

    private static func describe(_ head: HTTP1RequestHead) -> String {
        let request = head.request
        var words = [request.method.rawValue, request.path ?? "-", request.authority ?? "-", head.keepsAlive ? "keep" : "close"]
        words.append(head.bodyLength.map(String.init) ?? "open")
        if head.isHTTP10 { words.append("1.0") }
        if head.expectsContinue { words.append("continue") }
        if head.isCompressed { words.append("coded") }
        return words.joined(separator: " ") + describe(request.headerFields)
    }

    private static func describe(_ fields: HTTPFields) -> String {
        fields.map { " | \($0.name.rawName): \(text($0.bytes))" }.joined()
    }

    /// One character a byte, so that `==` compares bytes.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte == 0x0D ? 0xB6 : byte)) }
        return text
    }
}

extension HTTP1Limits {
    static let test = HTTP1Limits(headBytes: 4096, fields: 32)
}

extension HTTPField {
    /// The bytes of the value.
    var bytes: [UInt8] { unsafe withUnsafeBytesOfValue { unsafe Array($0) } }
}

/// A message as it stands on the wire, and what to expect of it.
struct HTTP1Case: Sendable, CustomTestStringConvertible {
    /// What is special about it.
    var reason: String
    var wire: [UInt8]
    /// As `HTTP1Reading` describes them.
    var messages: [String]
    var status: HTTPResponse.Status?

    var testDescription: String { reason }

    /// A message that is read.
    static func good(_ reason: String, _ wire: String, _ messages: String...) -> HTTP1Case {
        HTTP1Case(reason: reason, wire: Array(wire.utf8), messages: messages)
    }

    /// A message that is refused, behind `messages` that are read.
    static func bad(_ reason: String, _ status: HTTPResponse.Status, _ wire: String, _ messages: String...) -> HTTP1Case {
        HTTP1Case(reason: reason, wire: Array(wire.utf8), messages: messages, status: status)
    }
}

extension [UInt8] {
    /// One byte a piece.
    var single: [[UInt8]] { map { [$0] } }
    /// In two pieces, cut at each position.
    var cuts: [[[UInt8]]] { indices.dropFirst().map { [Array(self[..<$0]), Array(self[$0...])] } }
    /// Cut off at each position.
    var prefixes: [[UInt8]] { indices.map { Array(self[..<$0]) } }
}

/// Random numbers that are the same each time.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// So many bytes of a set.
    mutating func bytes(_ count: ClosedRange<Int>, of set: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: count, using: &self) { if let byte = set.randomElement(using: &self) { bytes.append(byte) } }
        return bytes
    }
}
