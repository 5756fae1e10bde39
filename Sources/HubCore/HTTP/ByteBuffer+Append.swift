package import NIOCore

extension ByteBuffer {
    /// Adds a piece that was cut out of what a connection read.
    ///
    /// A piece that is most of what it was cut from is taken as it is. Any other is copied, so that a small message does not hold the large
    /// buffer it was read into, which the connection can then use again.
    package mutating func append(_ piece: ByteBuffer) {
        if readableBytes == 0, piece.readableBytes > piece.storageCapacity / 2 {
            self = piece
        } else {
            writeImmutableBuffer(piece)
        }
    }
}
