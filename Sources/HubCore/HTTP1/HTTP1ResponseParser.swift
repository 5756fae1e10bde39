public import HTTPTypes
public import NIOCore

/// The head of an answer.
public struct HTTP1ResponseHead: Sendable {
    /// 200 … 999; those below are skipped.
    public var status: Int
    /// All header fields.
    public var fields: HTTPFields
    /// Whether the connection may carry another exchange when the body has ended.
    public var keepsAlive: Bool
    /// The length of the body where the head says it.
    public var bodyLength: Int?
}

/// Reads the answers of one connection to an upstream (RFC 9112), as strictly as requests are read: what could be understood in two ways
/// is an error, and the connection is of no more use.
public struct HTTP1ResponseParser: Sendable {
    /// What has been read.
    public enum Part: Sendable {
        /// An answer begins.
        case head(HTTP1ResponseHead)
        /// A piece of its body, never empty.
        case body(ByteBuffer)
        /// It is complete.
        case end
    }

    private enum State: Sendable {
        case idle
        case head(method: HTTPRequest.Method, informational: Int)
        case body(HTTP1BodyDecoder)
        case failed
    }

    private let limits: HTTP1Limits
    private var state = State.idle
    private var scanner = HTTP1HeadScanner()

    /// A parser for one connection.
    public init(limits: HTTP1Limits = .answer) {
        self.limits = limits
    }

    /// Whether no answer is expected: bytes that come now belong to nobody.
    public var isIdle: Bool { if case .idle = state { true } else { false } }

    /// An answer to a request with this method is to come.
    public mutating func begin(method: HTTPRequest.Method) {
        if case .idle = state { state = .head(method: method, informational: 0) }
    }

    /// The next part, taken off `buffer`; nil where more bytes are needed, and while no answer is expected.
    public mutating func next(from buffer: inout ByteBuffer) throws(HTTP1Error) -> Part? {
        do throws(HTTP1Error) {
            return try read(&buffer)
        } catch {
            state = .failed
            throw error
        }
    }

    /// The upstream closed the connection: the end of a body without a length, an error in the middle of anything else.
    public mutating func endOfInput() throws(HTTP1Error) -> Part? {
        switch state {
        case .idle, .failed: return nil
        case .body(var decoder) where decoder.endsWithConnection():
            state = .failed
            return .end
        case .head, .body:
            state = .failed
            throw .bad("The connection was closed in the middle of an answer")
        }
    }

    private mutating func read(_ buffer: inout ByteBuffer) throws(HTTP1Error) -> Part? {
        switch state {
        case .idle, .failed: return nil
        case .head(let method, var informational):
            while let length = try scanner.length(in: buffer, limit: limits.headBytes) {
                let (head, framing) = try readHead(buffer, length: length, method: method)
                buffer.moveReaderIndex(forwardBy: length)
                guard head.status < 200 else {
                    state = .body(HTTP1BodyDecoder(framing, limits: limits))
                    return .head(head)
                }
                informational += 1
                guard head.status != 101, informational <= limits.informationalAnswers else {
                    throw .bad("The answer to the request does not come")
                }
                state = .head(method: method, informational: informational)
            }
            return nil
        case .body(var decoder):
            state = .failed  // gives up its reference
            switch try decoder.next(from: &buffer) {
            case .bytes(let bytes):
                state = .body(decoder)
                return .body(bytes)
            case .end:
                state = .idle
                return .end
            case nil:
                state = .body(decoder)
                return nil
            }
        }
    }

    private func readHead(
        _ buffer: ByteBuffer, length: Int, method: HTTPRequest.Method
    ) throws(HTTP1Error) -> (HTTP1ResponseHead, HTTP1BodyFraming) {
        let bytes = buffer.readableBytesUInt8Span.extracting(..<length)
        let end = HTTP1HeadScanner.lineEnd(bytes, from: 0)
        let (status, isHTTP10) = try readLine(bytes.extracting(..<end))
        let fields = try HTTP1Fields(of: bytes, from: end + 2, in: buffer, limit: limits.fields)
        let framing = try framing(fields, status: status, isHTTP10: isHTTP10, method: method)
        var bodyLength: Int?
        if case .length(let length) = framing { bodyLength = length } else if framing == .none { bodyLength = 0 }
        let head = HTTP1ResponseHead(
            status: status, fields: fields.fields, keepsAlive: framing != .untilClose && fields.keepsAlive(isHTTP10: isHTTP10),
            bodyLength: bodyLength)
        return (head, framing)
    }

    /// `HTTP/1.x SP 3DIGIT [ SP reason ]`; the space before no reason may be missing, as many servers leave it out.
    private func readLine(_ line: Span<UInt8>) throws(HTTP1Error) -> (status: Int, isHTTP10: Bool) {
        guard line.count >= 12, HTTP1RequestParser.isVersion(line), line[5] == UInt8(ascii: "1"), line[8] == 0x20,
            line.count == 12 || line[12] == 0x20
        else { throw .bad("The status line is malformed") }
        var status = 0
        for index in 9..<12 {
            guard line[index] &- 0x30 < 10 else { throw .bad("The status line is malformed") }
            status = status * 10 + Int(line[index] - 0x30)
        }
        for index in 12..<line.count where line[index] < 0x20 && line[index] != 0x09 || line[index] == 0x7F {
            throw .bad("The status line is malformed")
        }
        guard status >= 100 else { throw .bad("The status is out of range") }
        return (status, line[7] == UInt8(ascii: "0"))
    }

    /// RFC 9112 §6.3.
    private func framing(
        _ fields: HTTP1Fields, status: Int, isHTTP10: Bool, method: HTTPRequest.Method
    ) throws(HTTP1Error) -> HTTP1BodyFraming {
        let length = try length(fields)
        if !fields.codings.isEmpty {
            guard fields.codings.count == 1, fields.codings[0].lowercased() == "chunked", length == nil, !isHTTP10 else {
                throw .bad("The length of the answer is ambiguous")
            }
        }
        if method == .head || status < 200 || status == 204 || status == 304 { return .none }
        if !fields.codings.isEmpty { return .chunked }
        return length.map { $0 == 0 ? .none : .length($0) } ?? .untilClose
    }

    private func length(_ fields: HTTP1Fields) throws(HTTP1Error) -> Int? {
        guard let text = fields.lengths.first else { return nil }
        guard let length = HTTP1Fields.length(text), fields.lengths.allSatisfy({ $0.utf8.elementsEqual(text.utf8) }) else {
            throw .bad("The length of the answer is ambiguous")
        }
        return length
    }
}
