public import HTTPTypes
public import NIOCore

/// The head of a request whose framing is known good.
public struct HTTP1RequestHead: Sendable {
    /// Method, target, `Host` as authority, and the other header fields.
    public var request: HTTPRequest
    /// Whether the caller wants the connection kept.
    public var keepsAlive: Bool
    /// Whether it is HTTP/1.0, which knows no chunks.
    public var isHTTP10: Bool
    /// The length of the body where the head says it; nil for chunks.
    public var bodyLength: Int?
    /// Whether the caller waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
    public var expectsContinue: Bool
    /// Whether the body has a content coding.
    public var isCompressed: Bool
}

/// Reads the requests of one connection (RFC 9112), each refused unless
/// 1. its line is method, space, target, space, `HTTP/1.1` or `HTTP/1.0`, ended with CRLF like every line (§2.2, §3),
/// 2. the head keeps its limits, every field is well-formed, none is folded (§5),
/// 3. it has exactly one `Host`, also from HTTP/1.0 callers (§3.2); whether that is an authority is for its reader to find out,
/// 4. its target is an absolute path of visible ASCII without a fragment; the forms for proxies are refused (§3.2),
/// 5. its body comes in chunks, not from HTTP/1.0, or with one plain length, never both (§6.1, §6.3).
///
/// After an error nothing can be read any more.
public struct HTTP1RequestParser: Sendable {
    /// What has been read.
    public enum Part: Sendable {
        /// A request begins.
        case head(HTTP1RequestHead)
        /// A piece of its body, never empty.
        case body(ByteBuffer)
        /// It is complete.
        case end
    }

    private enum State: Sendable {
        case head
        case body(HTTP1BodyDecoder)
        case failed
    }

    private let limits: HTTP1Limits
    private var state = State.head
    private var scanner = HTTP1HeadScanner()
    private var mayEmptyLinePrecede = true

    /// A parser for one connection.
    public init(limits: HTTP1Limits) {
        self.limits = limits
    }

    /// The next part, taken off `buffer`; nil where more bytes are needed.
    public mutating func next(from buffer: inout ByteBuffer) throws(HTTP1Error) -> Part? {
        do throws(HTTP1Error) {
            return try read(&buffer)
        } catch {
            state = .failed
            throw error
        }
    }

    private mutating func read(_ buffer: inout ByteBuffer) throws(HTTP1Error) -> Part? {
        switch state {
        case .failed: return nil
        case .head:
            guard buffer.readableBytes > 0 else { return nil }
            if mayEmptyLinePrecede, buffer.getInteger(at: buffer.readerIndex) == UInt8(ascii: "\r") {
                // RFC 9112 §2.2: one empty line before a request is ignored.
                guard buffer.readableBytes >= 2 else { return nil }
                guard buffer.readInteger(as: UInt16.self) == 0x0D0A else { throw .bad("A line does not end with CRLF") }
                mayEmptyLinePrecede = false
                return try read(&buffer)
            }
            // What begins unlike any request need not come to its end first.
            guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self), ASCIISet.token.contains(first) else {
                throw .bad("The request is not HTTP/1.1")
            }
            guard let length = try scanner.length(in: buffer, limit: limits.headBytes) else { return nil }
            let (head, framing) = try readHead(buffer, length: length)
            buffer.moveReaderIndex(forwardBy: length)
            mayEmptyLinePrecede = true
            state = .body(HTTP1BodyDecoder(framing, limits: limits))
            return .head(head)
        case .body(var decoder):
            state = .failed  // gives up its reference
            switch try decoder.next(from: &buffer) {
            case .bytes(let bytes):
                state = .body(decoder)
                return .body(bytes)
            case .end:
                state = .head
                return .end
            case nil:
                state = .body(decoder)
                return nil
            }
        }
    }

    private func readHead(_ buffer: ByteBuffer, length: Int) throws(HTTP1Error) -> (HTTP1RequestHead, HTTP1BodyFraming) {
        let bytes = buffer.readableBytesUInt8Span.extracting(..<length)
        let end = HTTP1HeadScanner.lineEnd(bytes, from: 0)
        let (method, target, isHTTP10) = try readLine(bytes.extracting(..<end), in: buffer)
        let fields = try HTTP1Fields(of: bytes, from: end + 2, in: buffer, limit: limits.fields)
        guard fields.hosts.count == 1, let authority = fields.hosts.first else { throw .bad("Exactly one Host is needed") }
        let framing = try framing(fields, isHTTP10: isHTTP10)
        let bodyLength: Int? =
            switch framing {
            case .none, .untilClose: 0
            case .length(let length): length
            case .chunked: nil
            }
        let request = HTTPRequest(method: method, scheme: "http", authority: authority, path: target, headerFields: fields.fields)
        let head = HTTP1RequestHead(
            request: request, keepsAlive: fields.keepsAlive(isHTTP10: isHTTP10), isHTTP10: isHTTP10, bodyLength: bodyLength,
            expectsContinue: !isHTTP10 && fields.expectsContinue, isCompressed: fields.hasContentEncoding)
        return (head, framing)
    }

    private func readLine(_ line: Span<UInt8>, in buffer: ByteBuffer) throws(HTTP1Error) -> (HTTPRequest.Method, String, isHTTP10: Bool) {
        var space = 0
        while space < line.count, ASCIISet.token.contains(line[space]) { space += 1 }
        guard space > 0, space < line.count, line[space] == 0x20, let name = buffer.getString(at: buffer.readerIndex, length: space),
            let method = HTTPRequest.Method(rawValue: name)
        else { throw .bad("The request line is malformed") }
        var end = space + 1
        while end < line.count, line[end] != 0x20 { end += 1 }
        // What stands behind the second space is the version and nothing else.
        guard line.count - end == 9, Self.isVersion(line.extracting((end + 1)...)) else { throw .bad("The request line is malformed") }
        let (major, minor) = (line[end + 6] - 0x30, line[end + 8] - 0x30)
        guard major == 1, minor <= 1 else { throw HTTP1Error(.httpVersionNotSupported, "HTTP/1.1 is spoken here") }
        let isPath = line[space + 1] == UInt8(ascii: "/")
        for index in (space + 1)..<end {
            guard isPath, line[index] > 0x20, line[index] < 0x7F, line[index] != UInt8(ascii: "#") else {
                throw .bad("The request target must be an absolute path")
            }
        }
        guard end > space + 1, let target = buffer.getString(at: buffer.readerIndex + space + 1, length: end - space - 1) else {
            throw .bad("The request target must be an absolute path")
        }
        return (method, target, minor == 0)
    }

    /// `HTTP/` digit `.` digit.
    static func isVersion(_ bytes: Span<UInt8>) -> Bool {
        bytes.count >= 8 && bytes[0] == UInt8(ascii: "H") && bytes[1] == UInt8(ascii: "T") && bytes[2] == UInt8(ascii: "T")
            && bytes[3] == UInt8(ascii: "P") && bytes[4] == UInt8(ascii: "/") && bytes[5] &- 0x30 < 10
            && bytes[6] == UInt8(ascii: ".") && bytes[7] &- 0x30 < 10
    }

    private func framing(_ fields: HTTP1Fields, isHTTP10: Bool) throws(HTTP1Error) -> HTTP1BodyFraming {
        if !fields.codings.isEmpty {
            guard fields.codings.count == 1, fields.codings[0].lowercased() == "chunked" else {
                throw HTTP1Error(.notImplemented, "The only transfer coding is chunked")
            }
            guard fields.lengths.isEmpty, !isHTTP10 else { throw .bad("The length of the body is ambiguous") }
            return .chunked
        }
        guard let text = fields.lengths.first else { return .none }
        guard fields.lengths.count == 1, text.utf8.allSatisfy({ $0 &- 0x30 < 10 }), !text.isEmpty else {
            throw .bad("The length of the body is ambiguous")
        }
        guard let length = HTTP1Fields.length(text) else { throw HTTP1Error(.contentTooLarge, "The body is too large") }
        return length == 0 ? .none : .length(length)
    }
}
