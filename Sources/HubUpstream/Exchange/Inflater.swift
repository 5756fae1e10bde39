import CNIOExtrasZlib
import NIOCore

/// Why a compressed body cannot be taken.
enum InflateError: Error {
    /// Its bytes are not gzip or deflate.
    case malformed
    /// It ends before its end.
    case truncated
    /// Something stands behind its end.
    case trailing
    /// It is compressed in a way that nobody asked for.
    case unknownEncoding
    /// It unfolds to more than it may.
    case limit
}

/// Unfolds one body of gzip (RFC 1952), one member or several, or deflate in its zlib form (RFC 1950), piece by piece.
///
/// Used on one event loop. What it may unfold to is bounded by what came: a small body to `allowance`, a larger one to `maximumRatio` times
/// its size. The limit on the size of all is the reader's, who sees what is unfolded as it comes.
@safe final class Inflater {
    /// Unfolded bytes for each compressed one.
    static let maximumRatio = 100
    /// What any body may unfold to: short answers of repeated text are no attack.
    static let allowance = 64 << 10

    private enum State {
        case fresh
        case first
        case following
        case between
    }

    private static let pieceSize = 16 << 10

    // zlib keeps the address of the stream: it must not move while it lives, so it has memory of its own, freed in `deinit`.
    private let stream: UnsafeMutablePointer<cnioextras_z_stream>
    private let isGzip: Bool
    private var state = State.fresh
    private var compressed = 0
    private var unfolded = 0

    /// For a value of `Content-Encoding`; nil where it is none of those.
    init?(encoding: String) {
        switch encoding.lowercased() {
        case "gzip", "x-gzip": isGzip = true
        case "deflate": isGzip = false
        default: return nil
        }
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: cnioextras_z_stream())
        // 15 is the largest window; 16 more means gzip and nothing else.
        guard unsafe CNIOExtrasZlib_inflateInit2(stream, isGzip ? 31 : 15) == CNIOEXTRAS_Z_OK else { return nil }
    }

    deinit {
        unsafe cnioextras_z_inflateEnd(stream)  // refuses what was never begun
        unsafe stream.deallocate()
    }

    /// Appends what `input` unfolds to.
    func unfold(_ input: ByteBuffer, into output: inout ByteBuffer) throws(InflateError) {
        var input = input
        compressed += input.readableBytes
        while input.readableBytes > 0 {
            switch state {
            case .fresh: state = .first
            case .first, .following: break
            case .between:
                guard isGzip, unsafe cnioextras_z_inflateReset(stream) == CNIOEXTRAS_Z_OK else { throw .trailing }
                state = .following
            }
            try unfoldMember(&input, into: &output)
        }
    }

    /// The body has ended. One without a byte is empty, whatever its coding.
    func finish() throws(InflateError) {
        switch state {
        case .fresh, .between: break
        case .first, .following: throw .truncated
        }
    }

    /// Unfolds until the input is used up or the member has ended.
    private func unfoldMember(_ input: inout ByteBuffer, into output: inout ByteBuffer) throws(InflateError) {
        var written = 0
        repeat {
            let result: CInt
            (result, written) = step(&input, into: &output)
            unfolded += written
            guard unfolded <= max(Self.allowance, compressed * Self.maximumRatio) else { throw .limit }
            switch result {
            case CNIOEXTRAS_Z_OK: break
            case CNIOEXTRAS_Z_BUF_ERROR: return  // it needs more input
            case CNIOEXTRAS_Z_STREAM_END:
                state = .between
                return
            default: throw state == .following ? .trailing : .malformed
            }
        } while input.readableBytes > 0 || written == Self.pieceSize
    }

    private func step(_ input: inout ByteBuffer, into output: inout ByteBuffer) -> (result: CInt, written: Int) {
        var result = CNIOEXTRAS_Z_OK
        let written = unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceSize) { space in
            // Both pointers are used within this call alone.
            unsafe input.readWithUnsafeMutableReadableBytes { bytes in
                unsafe stream.pointee.next_in = CNIOExtrasZlib_voidPtr_to_BytefPtr(bytes.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(clamping: bytes.count)
                unsafe stream.pointee.next_out = CNIOExtrasZlib_voidPtr_to_BytefPtr(space.baseAddress)
                unsafe stream.pointee.avail_out = UInt32(clamping: min(space.count, Self.pieceSize))
                result = unsafe cnioextras_z_inflate(stream, CNIOEXTRAS_Z_NO_FLUSH)
                return unsafe bytes.count - Int(stream.pointee.avail_in)
            }
            return unsafe min(space.count, Self.pieceSize) - Int(stream.pointee.avail_out)
        }
        return (result, written)
    }
}
