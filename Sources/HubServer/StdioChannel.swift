public import NIOCore
import NIOPosix

/// Standard input and output as lines.
public enum StdioChannel {
    /// The longest line that is read, in bytes.
    public static let maximumLineBytes = 16 << 20

    /// Why reading stopped.
    public enum ReadError: Error, Sendable {
        /// A line is longer than `maximumLineBytes`.
        case lineTooLong
    }

    /// Gives `body` the lines of standard input, without their line feeds, and a way to write lines to standard output, and
    /// closes both when it returns. Frames on LF alone: JSON may contain the other line separators of Unicode.
    public static func withLines(
        _ body: @Sendable (Lines, @escaping @Sendable (ByteBuffer) async throws -> Void) async throws -> Void
    ) async throws {
        let channel = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)  // the end of the input does not end the output
            .takingOwnershipOfDescriptors(input: 0, output: 1) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineDecoder()))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            try await body(Lines(inbound: inbound)) { message in
                var line = message
                line.writeInteger(UInt8(ascii: "\n"))
                try await outbound.write(line)
            }
        }
    }

    /// Lines as they come.
    public struct Lines: AsyncSequence, Sendable {
        fileprivate let inbound: NIOAsyncChannelInboundStream<ByteBuffer>

        /// Reads one line after another.
        public struct AsyncIterator: AsyncIteratorProtocol {
            fileprivate var base: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator

            /// The next line, or nil at the end of the input.
            public mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
                try await base.next(isolation: actor)
            }

            /// The next line, or nil at the end of the input.
            public mutating func next() async throws -> ByteBuffer? { try await next(isolation: #isolation) }
        }

        /// The lines.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: inbound.makeAsyncIterator()) }
    }

    private struct LineDecoder: ByteToMessageDecoder {
        typealias InboundOut = ByteBuffer
        private var scanned = 0

        mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
            let view = buffer.readableBytesView.dropFirst(scanned)
            guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = buffer.readableBytes
                guard scanned <= StdioChannel.maximumLineBytes else { throw ReadError.lineTooLong }
                return .needMoreData
            }
            scanned = 0
            guard let line = buffer.readSlice(length: end - buffer.readerIndex) else { return .needMoreData }
            buffer.moveReaderIndex(forwardBy: 1)
            context.fireChannelRead(NIOAny(line))
            return .continue
        }

        mutating func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) throws -> DecodingState {
            while try decode(context: context, buffer: &buffer) == .continue {}
            if seenEOF, let rest = buffer.readSlice(length: buffer.readableBytes), rest.readableBytes > 0 {
                context.fireChannelRead(NIOAny(rest))
            }
            return .needMoreData
        }
    }
}
