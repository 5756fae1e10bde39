import HubCore
import NIOCore

/// Loads the files that a description refers to, and those they refer to, each once and within bounds.
struct FileCollector {
    /// How many files a description may have.
    static let maximumFiles = 500

    private let loader: any DescriptionLoader
    private var parts: [DescriptionFiles.Part]
    private var failures: [String: String] = [:]
    private var asked: Set<String>
    private var bytes: Int

    private init(_ entry: SourceDocument, named name: String, _ loader: any DescriptionLoader) {
        self.loader = loader
        parts = [DescriptionFiles.Part(name: name, document: entry, scan: DocumentScan(entry.json.root))]
        asked = [name]
        bytes = entry.json.bytes.readableBytes
    }

    /// The description whose first file is `entry`. A file that cannot be had is remembered with the reason.
    static func collect(
        _ entry: SourceDocument, named name: String, _ loader: any DescriptionLoader
    ) async throws(IngestError) -> DescriptionFiles {
        var collector = FileCollector(entry, named: name, loader)
        var next = 0
        while next < collector.parts.count {
            let part = collector.parts[next]
            for reference in part.scan.fileNames {
                if case .file(let name, _) = FileReference.resolve(reference, from: part.name) { await collector.load(name) }
            }
            next += 1
        }
        return try DescriptionFiles(collector.parts, failures: collector.failures)
    }

    private mutating func load(_ name: String) async {
        guard asked.count <= Self.maximumFiles else {
            if !asked.contains(name) { failures[name] = "the description has more than \(Self.maximumFiles) files" }
            return
        }
        guard asked.insert(name).inserted else { return }
        do throws(IngestError) {
            let text = try await loader.load(name)
            let document = try document(text)
            parts.append(DescriptionFiles.Part(name: name, document: document, scan: DocumentScan(document.json.root)))
        } catch {
            failures[name] = error.description
        }
    }

    private mutating func document(_ text: ByteBuffer) throws(IngestError) -> SourceDocument {
        var limits = JSONLimits.description
        limits.maximumBytes = max(0, limits.maximumBytes - bytes)
        do {
            let document = try SourceDocument(reading: text, limits: limits)
            bytes += document.json.bytes.readableBytes
            return document
        } catch {
            throw IngestError(.unreadable, error.message, position: error.position)
        }
    }
}
