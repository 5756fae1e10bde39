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
        let spellings = values + values.map { PercentEncoding.encode($0, keeping: PercentEncoding.unreserved) }
        secrets = Set(spellings).filter { $0.utf8.count >= Self.minimumLength }.map { Array($0.utf8) }
    }

    /// The body with every occurrence replaced by `***`; the same buffer where there is none.
    func apply(to body: ByteBuffer, status: Int, address: HTTPAddress) -> ByteBuffer {
        var patterns = secrets
        if status >= 300 {
            patterns += [address.authority, address.host].filter { $0.utf8.count >= Self.minimumLength }.map { Array($0.utf8) }
        }
        return patterns.reduce(body) { Self.replace($1, in: $0) }
    }

    private static func replace(_ pattern: [UInt8], in body: ByteBuffer) -> ByteBuffer {
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
            copied = index
        }
        guard var result else { return body }
        result.writeImmutableBuffer(body.getSlice(at: body.readerIndex + copied, length: bytes.count - copied) ?? ByteBuffer())
        return result
    }

    private static func matches(_ bytes: Span<UInt8>, at index: Int, _ pattern: [UInt8]) -> Bool {
        for offset in pattern.indices where bytes[index + offset] != pattern[offset] { return false }
        return true
    }
}
