import Glibc
import HubCore
import NIOCore
import SpecIngest

/// The files in and below the folder of a description that is a file, or another folder above it that the operator named. Links that lead
/// out of the folder are not followed.
struct FolderLoader: DescriptionLoader {
    private let folder: String
    /// The name of the description's own file, from the folder.
    let name: String

    /// - Parameters:
    ///   - description: the path of the description that the operator named.
    ///   - root: the folder that its files may refer to; nil: its own.
    /// - Throws: `IngestError` where the description is not in `root`.
    init(of description: String, root: String? = nil) throws(IngestError) {
        let parent = description.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let own = parent.isEmpty ? (description.hasPrefix("/") ? "/" : ".") : parent
        let file = description.split(separator: "/").last.map { String($0) } ?? ""
        guard let root else {
            (folder, name) = (own, file)
            return
        }
        guard let whole = Self.real(root) else { throw IngestError(.unreadable, "there is no folder \(root)") }
        guard let inner = Self.real(own) else { throw IngestError(.unreadable, "there is no file \(description)") }
        let names = inner.split(separator: "/")
        guard names.starts(with: whole.split(separator: "/")) else {
            throw IngestError(.unreadable, "the description is not in the folder \(root)", hint: "name a folder above it")
        }
        folder = root
        name = (names.dropFirst(whole.split(separator: "/").count).map { String($0) } + [file]).joined(separator: "/")
    }

    /// The path of a further file of the description at `path`; that path itself for nil.
    static func path(of file: String?, beside path: String, root: String? = nil) -> String {
        if let file, let root { return ConfigFile.join(root, file) }
        guard let file, let slash = path.lastIndex(of: "/") else { return file ?? path }
        return path[...slash] + file
    }

    func load(_ path: String) async throws(IngestError) -> ByteBuffer {
        do {
            return try FileAccess.read(folder + "/" + path, inside: folder, limit: JSONLimits.description.maximumBytes)
        } catch {
            if error.isOutside { throw IngestError(.unreadable, "\(path) is a link out of the folder") }
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
