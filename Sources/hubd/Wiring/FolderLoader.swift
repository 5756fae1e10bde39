import HubCore
import NIOCore
import SpecIngest

/// The files in and below the folder of a description that is a file. Links that lead out of the folder are not followed.
struct FolderLoader: DescriptionLoader {
    private let folder: String

    /// - Parameter description: the path of the description that the operator named.
    init(of description: String) {
        let parent = description.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        folder = parent.isEmpty ? (description.hasPrefix("/") ? "/" : ".") : parent
    }

    func load(_ path: String) async throws(IngestError) -> ByteBuffer {
        do {
            return try FileAccess.read(folder + "/" + path, limit: JSONLimits.description.maximumBytes)
        } catch {
            throw IngestError(.unreadable, error.isMissing ? "there is no file \(path)" : "\(path) cannot be read")
        }
    }
}
