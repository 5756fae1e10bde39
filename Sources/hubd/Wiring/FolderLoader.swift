import Glibc
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

    /// The name of a file without its folder.
    static func name(of path: String) -> String { path.split(separator: "/").last.map { String($0) } ?? "" }

    /// The path of a further file of the description at `path`; that path itself for nil.
    static func path(of file: String?, beside path: String) -> String {
        guard let file, let slash = path.lastIndex(of: "/") else { return file ?? path }
        return path[...slash] + file
    }

    func load(_ path: String) async throws(IngestError) -> ByteBuffer {
        guard let root = Self.real(folder), let file = Self.real(folder + "/" + path) else {
            throw IngestError(.unreadable, "there is no file \(path)")
        }
        guard file.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
            throw IngestError(.unreadable, "\(path) is a link out of the folder")
        }
        do {
            return try FileAccess.read(file, limit: JSONLimits.description.maximumBytes)
        } catch {
            throw IngestError(.unreadable, error.isMissing ? "there is no file \(path)" : "\(path) cannot be read")
        }
    }

    /// The path without any link in it; nil where there is nothing.
    private static func real(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
