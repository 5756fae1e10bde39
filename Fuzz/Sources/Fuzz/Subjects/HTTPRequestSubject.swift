import HTTPTypes
import HubCore
import NIOCore

/// The parser of requests, and what the writer writes for it.
enum HTTPRequestSubject: Subject {
    static let name = "http-request"

    static func check(_ input: ByteBuffer) {
        let readings = HTTPReading.cuts(input).map { read($0).reading }
        guard let whole = readings.first else { return }
        for reading in readings { claim(reading == whole, "pieces give the same requests, and the same error") }
        let heads = read([input]).heads
        for (head, message) in zip(heads, whole.messages) {
            message.check()
            checkHead(head)
            if message.isComplete { checkWriter(head, message) }
        }
        if let message = whole.messages.first { checkLines(input, message) }
    }

    private static func read(_ pieces: [ByteBuffer]) -> (reading: HTTPReading, heads: [HTTP1RequestHead]) {
        var parser = HTTP1RequestParser(limits: HTTP1Limits(headBytes: 2048, fields: 20))
        var (reading, heads) = (HTTPReading(), [HTTP1RequestHead]())
        reading.read(pieces) { (buffer) throws(HTTP1Error) in
            try parser.next(from: &buffer).map { part in
                switch part {
                case .head(let head):
                    heads.append(head)
                    return .head(HTTPMessage(head))
                case .body(let bytes): return .body(bytes)
                case .end: return .end
                }
            }
        }
        return (reading, heads)
    }

    private static func checkHead(_ head: HTTP1RequestHead) {
        let path = head.request.path ?? ""
        claim(path.hasPrefix("/") && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }, "a target is a path")
        claim(head.request.authority?.utf8.allSatisfy { $0 < 0x7F } == true, "a host is ASCII")
        claim(!head.request.headerFields.contains { $0.name.canonicalName == "host" }, "the host is no field")
        claim(head.bodyLength != nil || !head.isHTTP10, "HTTP/1.0 has no chunks")
    }

    /// The first head once more, in a simple way: all lines end alike, and one is the host.
    private static func checkLines(_ input: ByteBuffer, _ message: HTTPMessage) {
        let bytes = Array(input.readableBytesView)
        let start = bytes.starts(with: [0x0D, 0x0A]) ? 2 : 0
        guard let end = (start..<bytes.count).first(where: { bytes[$0...].starts(with: [0x0D, 0x0A, 0x0D, 0x0A]) }) else {
            fatalError("a head has an end")
        }
        let lines = String(decoding: bytes[start..<end], as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        claim(!lines.contains { $0.utf8.contains(0x0A) || $0.utf8.contains(0x0D) }, "lines end with CRLF")
        claim(lines.dropFirst().count { $0.lowercased().hasPrefix("host:") } == 1, "there is one host")
        claim(lines.count == message.fields.count + 2, "every line is a field")
        claim(lines.first?.hasSuffix(" HTTP/1.1") == true || lines.first?.hasSuffix(" HTTP/1.0") == true, "the version is one of two")
    }

    private static func checkWriter(_ head: HTTP1RequestHead, _ message: HTTPMessage) {
        var wire = ByteBuffer()
        let length = message.body.readableBytes
        let framing: HTTP1Writer.Framing = head.bodyLength == nil ? .chunked : length == 0 ? .none : .length(length)
        HTTP1Writer.requestHead(
            head.request.method, target: head.request.path ?? "", host: head.request.authority ?? "", fields: message.written,
            framing: framing, into: &wire)
        HTTPBody.write(message.body, framing, into: &wire)
        let (reading, heads) = read([wire])
        guard let again = reading.messages.first, let headAgain = heads.first, again.isComplete, reading.left == 0 else {
            // A head near the limit grows by the spaces behind its colons.
            claim(reading.error?.status == .requestHeaderFieldsTooLarge, "what is written can be read")
            return
        }
        claim(again.body == message.body, "the body comes back")
        claim(headAgain.request.method == head.request.method && headAgain.request.path == head.request.path, "the line comes back")
        claim(headAgain.request.authority == head.request.authority, "the host comes back")
        claim(again.written.map(\.name.rawName) == message.written.map(\.name.rawName), "names come back")
        claim(again.written.map(\.valueBytes) == message.written.map(\.valueBytes), "values come back")
    }
}

/// A body as the hub writes it.
enum HTTPBody {
    /// Chunks of a thousand bytes, or the bytes.
    static func write(_ body: ByteBuffer, _ framing: HTTP1Writer.Framing, into wire: inout ByteBuffer) {
        var rest = body
        guard framing == .chunked else { return _ = wire.writeBuffer(&rest) }
        while var chunk = rest.readSlice(length: min(1000, rest.readableBytes)), chunk.readableBytes > 0 {
            HTTP1Writer.chunkSize(chunk.readableBytes, into: &wire)
            wire.writeBuffer(&chunk)
            wire.writeStaticString(HTTP1Writer.chunkEnd)
        }
        wire.writeStaticString(HTTP1Writer.lastChunk)
    }
}
