import FoundationEssentials
import HubCore
import NIOCore

/// Reads the hostile corpora, where `HUBD_CORPORA` names their folder.
enum Corpus {
    static let folder = ProcessInfo.processInfo.environment["HUBD_CORPORA"]

    /// A JSON file under `hostile`; null where it cannot be read, so that counts fail.
    static func json(_ path: String) -> JSONValue? {
        bytes(path).flatMap { try? JSONDocument(parsing: $0, limits: .payload).root }  // the counts tell
    }

    /// The lines of a file of JSON lines under `hostile`.
    static func lines(_ path: String) -> [JSONValue] {
        guard let file = bytes(path) else { return [] }
        return file.readableBytesView.split(separator: 0x0A).compactMap { line in
            try? JSONDocument(parsing: ByteBuffer(bytes: line), limits: .payload).root  // the counts tell
        }
    }

    private static func bytes(_ path: String) -> ByteBuffer? {
        guard let folder, let data = try? Data(contentsOf: URL(filePath: "\(folder)/hostile/\(path)")) else { return nil }  // as above
        return ByteBuffer(bytes: data)
    }
}
