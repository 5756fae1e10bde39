import HubCore
import NIOCore

/// Event streams passing through: cut as a network cuts them, decoded, encoded again.
enum SSESubjects {
    private static let events = 1_000
    private static let chunkSize = 1_400

    static func groups() throws -> [BenchmarkGroup] {
        let chunks = chunks()
        let size = chunks.reduce(0) { $0 + $1.readableBytes }
        return [
            BenchmarkGroup(
                "\(events) events of \(size / events) bytes in pieces of \(chunkSize), time an event",
                [
                    Benchmark("decode and encode", bytes: size / events, operations: events) {
                        var (decoder, written, output) = (SSEDecoder(), 0, ByteBuffer())
                        for chunk in chunks {
                            for event in try decoder.decode(chunk) {
                                SSEEncoder.write(event: event.event, json: ByteBuffer(string: event.data), to: &output)
                            }
                            written += output.readableBytes
                            output.clear()
                        }
                        return written
                    },
                    Benchmark("decode alone", bytes: size / events, operations: events) {
                        var (decoder, count) = (SSEDecoder(), 0)
                        for chunk in chunks { count += try decoder.decode(chunk).count }
                        return count
                    },
                ])
        ]
    }

    /// Events as a model streams them: short ones of a few words.
    private static func chunks() -> [ByteBuffer] {
        var stream = ByteBuffer()
        for number in 0..<events {
            stream.writeString(
                #"data: {"id":"chatcmpl-8f1","object":"chat.completion.chunk","created":1780000000,"model":"local","#
                    + #""choices":[{"index":0,"delta":{"content":" word\#(number)"},"finish_reason":null}]}"# + "\n\n")
        }
        var chunks: [ByteBuffer] = []
        while let chunk = stream.readSlice(length: min(chunkSize, stream.readableBytes)), chunk.readableBytes > 0 { chunks.append(chunk) }
        return chunks
    }
}
