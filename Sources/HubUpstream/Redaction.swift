import HubCore
import NIOCore

/// Takes out of an answer what no caller may see: the hub's own credential wherever an upstream echoes it, and in failures the
/// upstream's address, which error pages like to name.
struct Redaction: Sendable {
    private let secrets: [[UInt8]]

    /// Shorter values would match by chance.
    private static let minimumLength = 6

    init(credential: UpstreamCredential?) {
        let values: [String] =
            switch credential {
            case .header(_, let value), .query(_, let value), .bearer(let value): [value.revealed]
            case .basic(let username, let password): [password.revealed, Base64.encode(Array("\(username):\(password.revealed)".utf8))]
            case nil: []
            }
        let spellings = values + values.map { PercentEncoding.encode($0) }
        secrets = Set(spellings).filter { $0.utf8.count >= Self.minimumLength }.map { Array($0.utf8) }
    }

    /// The body with every occurrence replaced by `***`; the same buffer where there is none.
    func apply(to body: ByteBuffer, status: Int, address: HTTPAddress) -> ByteBuffer {
        let isFailure = status >= 300
        let places = [address.authority, address.host].filter { isFailure && $0.utf8.count >= Self.minimumLength }.map { Array($0.utf8) }
        let withoutSecrets = secrets.reduce(body) { Self.replace($1, isAddress: false, in: $0) }
        return places.reduce(withoutSecrets) { Self.replace($1, isAddress: true, in: $0) }
    }

    /// Replaces each occurrence; of an address with what follows it in a URL.
    private static func replace(_ pattern: [UInt8], isAddress: Bool, in body: ByteBuffer) -> ByteBuffer {
        guard body.readableBytes >= pattern.count, let first = pattern.first else { return body }
        let bytes = body.readableBytesUInt8Span
        var result: ByteBuffer?
        var (index, copied) = (0, 0)
        while index <= bytes.count - pattern.count {
            guard bytes[index] == first, matches(bytes, at: index, pattern) else {
                index += 1
                continue
            }
            var written = result ?? ByteBuffer()
            written.writeImmutableBuffer(body.getSlice(at: body.readerIndex + copied, length: index - copied) ?? ByteBuffer())
            written.writeStaticString("***")
            result = written
            index += pattern.count
            if isAddress { while index < bytes.count, isURLByte(bytes[index]) { index += 1 } }
            copied = index
        }
        guard var result else { return body }
        result.writeImmutableBuffer(body.getSlice(at: body.readerIndex + copied, length: bytes.count - copied) ?? ByteBuffer())
        return result
    }

    private static func isURLByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F..., UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
            UInt8(ascii: ")"),
            UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ","):
            false
        default: true
        }
    }

    private static func matches(_ bytes: Span<UInt8>, at index: Int, _ pattern: [UInt8]) -> Bool {
        for offset in pattern.indices where bytes[index + offset] != pattern[offset] { return false }
        return true
    }
}
