import HTTPTypes
import HubCore
import NIOCore

/// The parser of answers, and what the writer writes for it.
enum HTTPAnswerSubject: Subject {
    static let name = "http-answer"

    static func check(_ input: ByteBuffer) {
        for method in [HTTPRequest.Method.get, .head] {
            let readings = HTTPReading.cuts(input).map { read($0, to: method).reading }
            guard let whole = readings.first else { return }
            for reading in readings { claim(reading == whole, "pieces give the same answers, and the same error") }
            for (head, message) in zip(read([input], to: method).heads, whole.messages) {
                message.check()
                claim((200...999).contains(head.status), "a status has three digits and is no informational one")
                claim(head.bodyLength != 0 || message.body.readableBytes == 0, "no body is no body")
                claim(method != .head || message.body.readableBytes == 0, "HEAD has no body")
                if message.isComplete { checkWriter(head, message) }
            }
        }
        var idle = HTTP1ResponseParser()
        var rest = input
        claim((try? idle.next(from: &rest)) == nil && rest == input && idle.isIdle, "what nobody asked for is not read")
    }

    /// Answers to three requests, after which the connection is closed.
    private static func read(_ pieces: [ByteBuffer], to method: HTTPRequest.Method) -> (reading: HTTPReading, heads: [HTTP1ResponseHead]) {
        var parser = HTTP1ResponseParser(limits: HTTP1Limits(headBytes: 2048, fields: 20))
        var (reading, heads) = (HTTPReading(), [HTTP1ResponseHead]())
        parser.begin(method: method)
        reading.read(pieces) { (buffer) throws(HTTP1Error) in
            if parser.isIdle, heads.count < 3 { parser.begin(method: method) }
            return try parser.next(from: &buffer).map { part in
                if case .head(let head) = part { heads.append(head) }
                return described(part)
            }
        }
        guard reading.error == nil else { return (reading, heads) }
        do throws(HTTP1Error) {
            if let part = try parser.endOfInput() { reading.add(described(part)) }
        } catch {
            reading.error = error
        }
        return (reading, heads)
    }

    private static func described(_ part: HTTP1ResponseParser.Part) -> HTTPReading.Part {
        switch part {
        case .head(let head): .head(HTTPMessage(head))
        case .body(let bytes): .body(bytes)
        case .end: .end
        }
    }

    private static func checkWriter(_ head: HTTP1ResponseHead, _ message: HTTPMessage) {
        guard head.status != 204, head.status != 304 else { return }  // they have no framing
        var wire = ByteBuffer()
        let framing: HTTP1Writer.Framing = head.bodyLength == nil ? .chunked : .length(message.body.readableBytes)
        HTTP1Writer.responseHead(HTTPResponse.Status(code: head.status), fields: message.written, framing: framing, into: &wire)
        HTTP1Writer.endHead(into: &wire)
        HTTPBody.write(message.body, framing, into: &wire)
        let (reading, heads) = read([wire], to: .get)
        guard let again = reading.messages.first, let headAgain = heads.first, again.isComplete, reading.left == 0 else {
            // A head near its limits grows by the reason, the spaces behind its colons and a field of the framing.
            claim(reading.error?.status == .requestHeaderFieldsTooLarge, "what is written can be read")
            return
        }
        claim(headAgain.status == head.status && again.body == message.body, "status and body come back")
        claim(again.written.map(\.name.rawName) == message.written.map(\.name.rawName), "names come back")
        claim(again.written.map(\.valueBytes) == message.written.map(\.valueBytes), "values come back")
    }
}
