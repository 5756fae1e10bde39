public import NIOCore

extension JSONDocument {
    /// The text with some of its values replaced by other JSON; every other byte stays as it was.
    ///
    /// - Parameter replacements: values of this document, none inside another, with the bytes to stand in their place.
    public func replacing(_ replacements: [(value: JSONValue, with: ByteBuffer)]) -> ByteBuffer {
        let sorted = replacements.sorted { $0.value.offset < $1.value.offset }
        let growth = sorted.reduce(0) { $0 + $1.with.readableBytes }
        var result = ByteBuffer()
        result.reserveCapacity(bytes.readableBytes + growth)
        var copied = 0
        for (value, replacement) in sorted where value.range.lowerBound >= copied {
            copy(copied..<value.range.lowerBound, to: &result)
            result.writeImmutableBuffer(replacement)
            copied = value.range.upperBound
        }
        copy(copied..<bytes.readableBytes, to: &result)
        return result
    }

    private func copy(_ range: Range<Int>, to result: inout ByteBuffer) {
        guard let slice = bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) else { return }
        result.writeImmutableBuffer(slice)
    }
}
