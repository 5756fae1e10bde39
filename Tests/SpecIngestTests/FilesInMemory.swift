import NIOConcurrencyHelpers
import NIOCore
import SpecIngest

/// Files in memory, and what was asked for.
final class FilesInMemory: DescriptionLoader {
    let texts: [String: String]
    let asked = NIOLockedValueBox<[String]>([])

    init(_ texts: [String: String]) { self.texts = texts }

    func load(_ path: String) async throws(IngestError) -> ByteBuffer {
        asked.withLockedValue { $0.append(path) }
        guard let text = texts[path] else { throw IngestError(.unreadable, "there is no file \(path)") }
        return ByteBuffer(string: text)
    }
}
