import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// A body with what no caller may see taken out as it passes. One reader, as of any body.
final class RedactionStream: BodyStream {
    private let source: any BodyStream
    private let scanner: NIOLockedValueBox<RedactionScanner>
    private let hasEnded = NIOLockedValueBox(false)

    init(_ source: any BodyStream, scanner: RedactionScanner) {
        self.source = source
        self.scanner = NIOLockedValueBox(scanner)
    }

    func next() async throws -> ByteBuffer? {
        while !hasEnded.withLockedValue({ $0 }) {
            guard let piece = try await source.next() else {
                hasEnded.withLockedValue { $0 = true }
                let rest = scanner.withLockedValue { $0.finish() }
                return rest.readableBytes > 0 ? rest : nil
            }
            let passed = scanner.withLockedValue { $0.scan(piece) }
            if passed.readableBytes > 0 { return passed }
        }
        return nil
    }

    func cancel() { source.cancel() }
}
