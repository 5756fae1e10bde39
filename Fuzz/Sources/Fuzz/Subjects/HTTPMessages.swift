import HTTPTypes
import HubCore
import NIOCore

/// One message as a parser gave it, in a form that both kinds share.
struct HTTPMessage: Equatable {
    /// What the start line says, and what was made of the framing.
    var head: String
    var fields: [HTTPField]
    var body = ByteBuffer()
    var isComplete = false

    init(_ head: HTTP1RequestHead) {
        let request = head.request
        self.head = "\(request.method) \(request.path ?? "") \(request.authority ?? "") \(head.keepsAlive) \(head.isHTTP10)"
        self.head += " \(String(describing: head.bodyLength)) \(head.expectsContinue) \(head.isCompressed)"
        fields = Array(request.headerFields)
    }

    init(_ head: HTTP1ResponseHead) {
        self.head = "\(head.status) \(head.keepsAlive) \(String(describing: head.bodyLength))"
        fields = Array(head.fields)
    }

    static func == (one: HTTPMessage, other: HTTPMessage) -> Bool {
        one.head == other.head && one.body == other.body && one.isComplete == other.isComplete && one.isSameFields(other)
    }

    /// Names in their own case, values byte for byte.
    private func isSameFields(_ other: HTTPMessage) -> Bool {
        fields.map(\.name.rawName) == other.fields.map(\.name.rawName) && fields.map(\.valueBytes) == other.fields.map(\.valueBytes)
    }

    /// The fields that the writer writes.
    var written: HTTPFields {
        var written = HTTPFields()
        let framing: Set = ["content-length", "transfer-encoding", "connection", "host"]
        for field in fields where !framing.contains(field.name.canonicalName) { written.append(field) }
        return written
    }

    /// What holds for the head of every message that was accepted.
    func check() {
        for field in fields {
            claim(!field.valueBytes.contains { $0 == 0 || $0 == 0x0A || $0 == 0x0D || $0 == 0x7F }, "a value is one line of text")
            claim(field.valueBytes.first != 0x20 && field.valueBytes.last != 0x20, "a value has no space around it")
        }
        let lengths = fields.filter { $0.name.canonicalName == "content-length" }
        let codings = fields.filter { $0.name.canonicalName == "transfer-encoding" }
        claim(lengths.isEmpty || codings.isEmpty, "a message has a length or a coding")
        claim(codings.count <= 1, "a message has one coding")
        claim(codings.allSatisfy { $0.value.lowercased() == "chunked" }, "the coding is chunked")
        claim(lengths.allSatisfy { $0.value.utf8.allSatisfy { $0 &- 0x30 < 10 } }, "a length is digits")
    }
}

extension HTTPField {
    /// The bytes of the value.
    var valueBytes: [UInt8] { unsafe withUnsafeBytesOfValue { unsafe Array($0) } }
}

/// What a parser made of one input.
struct HTTPReading: Equatable {
    var messages: [HTTPMessage] = []
    var error: HTTP1Error?
    var left = 0

    enum Part {
        case head(HTTPMessage)
        case body(ByteBuffer)
        case end
    }

    /// Reads pieces with a parser's `next`.
    mutating func read(_ pieces: [ByteBuffer], _ next: (inout ByteBuffer) throws(HTTP1Error) -> Part?) {
        var buffer = ByteBuffer()
        for var piece in pieces {
            buffer.writeBuffer(&piece)
            do throws(HTTP1Error) {
                while let part = try next(&buffer) { add(part) }
            } catch {
                return self.error = error
            }
            buffer.discardReadBytes()
        }
        left = buffer.readableBytes
    }

    mutating func add(_ part: Part) {
        if case .head(let message) = part { return messages.append(message) }
        guard var message = messages.popLast() else { fatalError("a head comes first") }
        claim(!message.isComplete, "nothing comes behind the end")
        switch part {
        case .head: break
        case .body(var bytes):
            claim(bytes.readableBytes > 0, "a piece is not empty")
            message.body.writeBuffer(&bytes)
        case .end: message.isComplete = true
        }
        messages.append(message)
    }

    /// Ways to cut an input: whole, where its bytes say, in threes and, where it is not long, in single bytes.
    static func cuts(_ input: ByteBuffer) -> [[ByteBuffer]] {
        let place = input.readableBytesView.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % max(1, input.readableBytes)
        let sizes = [max(1, input.readableBytes), max(1, place), 3] + (input.readableBytes <= 1024 ? [1] : [])
        return sizes.map { size in
            var (rest, pieces) = (input, [ByteBuffer]())
            while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 { pieces.append(piece) }
            return pieces
        }
    }
}
