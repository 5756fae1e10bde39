public import NIOCore

/// What stands before the payload of a frame (RFC 6455 §5.2). No extension is spoken, so that the reserved bits are never set.
public struct WebSocketFrameHeader: Sendable, Hashable {
    /// What a frame is for.
    public enum Opcode: UInt8, Sendable {
        /// More of the message that has begun.
        case continuation = 0
        /// A message of text, or its beginning.
        case text = 1
        /// A message of bytes, or its beginning.
        case binary = 2
        /// The sender closes, or agrees to it.
        case close = 8
        /// A question whether the receiver is there.
        case ping = 9
        /// The answer.
        case pong = 10

        /// Whether it may stand between the frames of a message.
        public var isControl: Bool { rawValue >= 8 }
    }

    /// What it is for.
    public var opcode: Opcode
    /// Whether it ends its message.
    public var isFinal: Bool
    /// The length of the payload.
    public var length: Int
    /// What its payload is masked with; nil where it is as it is.
    public var mask: WebSocketMask?

    /// A header.
    public init(_ opcode: Opcode, isFinal: Bool = true, length: Int, mask: WebSocketMask? = nil) {
        self.opcode = opcode
        self.isFinal = isFinal
        self.length = length
        self.mask = mask
    }

    /// The longest payload of a control frame.
    public static let maximumControlLength = 125

    /// Takes a header from the front of what has come; nil, and nothing taken, where it is not complete.
    ///
    /// - Parameters:
    ///   - buffer: what has come and is not read yet.
    ///   - isMasked: whether the sender must mask, as callers must and servers must not.
    /// - Throws: a closure with the code to close with, as soon as the bytes that are wrong have come.
    public static func read(from buffer: inout ByteBuffer, isMasked: Bool) throws(WebSocketClosure) -> WebSocketFrameHeader? {
        let start = buffer.readerIndex
        guard let first = buffer.getInteger(at: start, as: UInt8.self) else { return nil }
        guard first & 0x70 == 0 else { throw .broken("A reserved bit is set") }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { throw .broken("The opcode is unknown") }
        let isFinal = first & 0x80 != 0
        guard isFinal || !opcode.isControl else { throw .broken("A control frame is in fragments") }
        guard let second = buffer.getInteger(at: start + 1, as: UInt8.self) else { return nil }
        guard (second & 0x80 != 0) == isMasked else { throw .broken(isMasked ? "A frame is not masked" : "A frame is masked") }
        var (length, end) = (Int(second & 0x7F), start + 2)
        guard length <= maximumControlLength || !opcode.isControl else { throw .broken("A control frame is too long") }
        if length == 126 {
            guard let value = buffer.getInteger(at: end, as: UInt16.self) else { return nil }
            guard value > 125 else { throw .broken("A length is not in its shortest form") }
            (length, end) = (Int(value), end + 2)
        } else if length == 127 {
            guard let value = buffer.getInteger(at: end, as: UInt64.self) else { return nil }
            guard value > 0xFFFF, let known = Int(exactly: value) else { throw .broken("A length is not in its shortest form") }
            (length, end) = (known, end + 8)
        }
        var mask: WebSocketMask?
        if isMasked {
            guard let key = buffer.getInteger(at: end, as: UInt32.self) else { return nil }
            (mask, end) = (WebSocketMask(key), end + 4)
        }
        buffer.moveReaderIndex(to: end)
        return WebSocketFrameHeader(opcode, isFinal: isFinal, length: length, mask: mask)
    }

    /// Writes it in its shortest form.
    public func write(into buffer: inout ByteBuffer) {
        buffer.writeInteger(opcode.rawValue | (isFinal ? 0x80 : 0))
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch length {
        case ..<126: buffer.writeInteger(UInt8(clamping: length) | masked)
        case ...0xFFFF: buffer.writeMultipleIntegers(126 | masked, UInt16(clamping: length))
        default: buffer.writeMultipleIntegers(127 | masked, UInt64(clamping: length))
        }
        if let mask { buffer.writeInteger(mask.key) }
    }
}

/// What callers mix into what they send (RFC 6455 §5.3), so that what stands between cannot take it for something else.
public struct WebSocketMask: Sendable, Hashable {
    /// The key, its next byte first.
    public private(set) var key: UInt32

    /// A mask.
    public init(_ key: UInt32) { self.key = key }

    /// Moves up to `count` bytes from one buffer to the end of another, masked or unmasked. The next bytes go on where these end.
    public mutating func move(_ count: Int, from source: inout ByteBuffer, to target: inout ByteBuffer) {
        var left = min(count, source.readableBytes)
        target.reserveCapacity(minimumWritableBytes: left)
        let wide = UInt64(key) << 32 | UInt64(key)
        while left >= 8, let word = source.readInteger(as: UInt64.self) {
            target.writeInteger(word ^ wide)
            left -= 8
        }
        while left > 0, let byte = source.readInteger(as: UInt8.self) {
            target.writeInteger(byte ^ UInt8(truncatingIfNeeded: key >> 24))
            key = key << 8 | key >> 24
            left -= 1
        }
    }
}

extension WebSocketClosure {
    /// The protocol was broken.
    public static func broken(_ reason: String) -> WebSocketClosure { WebSocketClosure(.protocolError, reason) }

    /// Reads the payload of a close frame (RFC 6455 §5.5.1).
    ///
    /// - Throws: a closure with the code to answer with, where it says what none may say.
    public init(payload: ByteBuffer) throws(WebSocketClosure) {
        var payload = payload
        guard payload.readableBytes > 0 else {
            self.init(.noCode)
            return
        }
        guard let number = payload.readInteger(as: UInt16.self) else { throw .broken("A close frame has half a code") }
        let code = WebSocketCloseCode(rawValue: number)
        guard code.isSendable else { throw .broken("A close frame has a code that none may send") }
        guard let reason = String(validating: payload.readableBytesView, as: UTF8.self) else {
            throw WebSocketClosure(.invalidData, "The reason of a close frame is not UTF-8")
        }
        self.init(code, reason)
    }

    /// The payload of the close frame that says this. A code that is none to send stays away; a long reason is cut.
    public var payload: ByteBuffer {
        guard code.isSendable else { return ByteBuffer() }
        var payload = ByteBuffer(integer: code.rawValue)
        var text = ""
        for scalar in reason.unicodeScalars {
            guard text.utf8.count + UTF8.width(scalar) <= WebSocketFrameHeader.maximumControlLength - 2 else { break }
            text.unicodeScalars.append(scalar)
        }
        payload.writeString(text)
        return payload
    }
}
