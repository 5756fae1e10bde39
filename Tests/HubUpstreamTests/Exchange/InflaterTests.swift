import HubCore
import NIOCore
import Testing

@testable import HubUpstream

@Suite("Decompression")
struct InflaterTests {
    static let gzip = Base64.decode("H4sIAAAAAAACA8tIzcnJ11HIKE0CAJe8jRYKAAAA") ?? []
    static let deflate = Base64.decode("eJzLSM3JyddRyChNAgAUdQOg") ?? []

    private func unfold(_ bytes: [UInt8], encoding: String = "gzip", pieces: Int = .max) throws -> String {
        let inflater = try #require(Inflater(encoding: encoding))
        var output = ByteBuffer()
        var rest = bytes[...]
        while !rest.isEmpty {
            try inflater.unfold(ByteBuffer(bytes: rest.prefix(pieces)), into: &output)
            rest = rest.dropFirst(pieces)
        }
        try inflater.finish()
        return String(buffer: output)
    }

    @Test("gzip and deflate unfold, however they are cut", arguments: 1...24)
    func unfolds(pieces: Int) throws {
        #expect(try unfold(Self.gzip, pieces: pieces) == "hello, hub")
        #expect(try unfold(Self.gzip, encoding: "X-GZIP", pieces: pieces) == "hello, hub")
        #expect(try unfold(Self.deflate, encoding: "deflate", pieces: pieces) == "hello, hub")
        #expect(try unfold(Self.gzip + Self.gzip, pieces: pieces) == "hello, hubhello, hub")
    }

    @Test("no body is an empty one, and other codings are not ours")
    func empty() throws {
        #expect(try unfold([]) == "")
        #expect(Inflater(encoding: "br") == nil && Inflater(encoding: "gzip, gzip") == nil)
    }

    @Test("a body that is cut off anywhere is an error", arguments: 1..<30)
    func truncated(length: Int) throws {
        try #require(Self.gzip.count == 30)
        #expect(throws: InflateError.truncated) { try unfold(Array(Self.gzip.prefix(length))) }
    }

    @Test("what stands behind the end is an error")
    func trailing() {
        #expect(throws: InflateError.trailing) { try unfold(Self.gzip + [0, 0, 0]) }
        #expect(throws: InflateError.trailing) { try unfold(Self.deflate + Self.deflate, encoding: "deflate") }
    }

    @Test("what is not compressed as it says is an error")
    func malformed() {
        #expect(throws: InflateError.malformed) { try unfold(Array("hello, hub".utf8)) }
        #expect(throws: InflateError.malformed) { try unfold(Self.deflate) }
        #expect(throws: InflateError.malformed) { try unfold(Self.gzip, encoding: "deflate") }
        var wrongSum = Self.gzip
        wrongSum[wrongSum.count - 6] ^= 1
        #expect(throws: InflateError.malformed) { try unfold(wrongSum) }
    }

    @Test("a body that unfolds too far is given up before it is unfolded")
    func bomb() throws {
        let inflater = try #require(Inflater(encoding: "deflate"))
        var output = ByteBuffer()
        #expect(throws: InflateError.limit) { try inflater.unfold(ByteBuffer(bytes: Self.bomb), into: &output) }
        #expect(output.readableBytes <= max(Inflater.allowance, Self.bomb.count * Inflater.maximumRatio) + (16 << 10))
    }

    /// 10 MB of zeros: each further pair of bytes in the middle says "258 more, the last byte again", twice over.
    static let bomb: [UInt8] =
        [0x78, 0x9C, 0xEC, 0xC1, 0x01, 0x01, 0, 0, 0, 0x80, 0x90, 0xFE, 0xAF, 0xEE, 0x08, 0x0A] + [UInt8](repeating: 0, count: 9720)
}
