import HubCore
import NIOCore

/// The files of a WSDL: itself, and the definitions and schemas that it imports, each read once and within bounds.
struct WSDLFiles {
    /// The name of the file that the operator named.
    let entry: String
    private(set) var roots: [String: XMLElement]
    private var failures: [String: String] = [:]
    private var remaining: Int
    private let loader: (any DescriptionLoader)?

    private init(_ root: XMLElement, named name: String, size: Int, loader: (any DescriptionLoader)?) {
        entry = name
        self.loader = loader
        roots = [name: root]
        remaining = max(0, XMLLimits.description.maximumBytes - size)
    }

    /// The files below `root`. One that cannot be had is remembered with the reason.
    ///
    /// - Parameters:
    ///   - root: the element of the file that the operator named.
    ///   - name: its name.
    ///   - size: its bytes, which count towards what all files may have together.
    ///   - loader: gives the others; without one there are none.
    static func collect(
        _ root: XMLElement, named name: String, size: Int, loader: (any DescriptionLoader)?
    ) async -> WSDLFiles {
        var files = WSDLFiles(root, named: name, size: size, loader: loader)
        guard let loader else { return files }
        var pending = [(name, root)]
        while let (path, element) = pending.popLast() {
            for reference in references(in: element) {
                guard case .file(let target, _) = files.target(reference, from: path) else { continue }
                if let read = await files.load(target, loader) { pending.append((target, read)) }
            }
        }
        return files
    }

    /// The file that a location in file `path` names, or why it is not here, as the end of a sentence.
    func resolve(_ location: String, from path: String) -> Result<(path: String, root: XMLElement), DescriptionFiles.Refusal> {
        switch target(location, from: path) {
        case .outside(let reason):
            return .failure(DescriptionFiles.Refusal(reason: reason))
        case .file(let target, _):
            if let root = roots[target] { return .success((target, root)) }
            return .failure(DescriptionFiles.Refusal(reason: failures[target].map { "cannot be followed: \($0)" } ?? "is not here"))
        }
    }

    /// Where a location leads. Services that write their descriptions themselves tell their parts apart by the query, and name them by
    /// whole addresses.
    private func target(_ location: String, from path: String) -> FileReference.Target {
        if let own = loader?.path(of: location) { return .file(own, fragment: "") }
        let parts = location.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let address = parts.first else { return FileReference.resolve(location, from: path) }
        switch FileReference.resolve(String(address), from: String(path.prefix { $0 != "?" })) {
        case .outside(let reason): return .outside(reason: reason)
        case .file(let name, _): return .file(name + "?" + parts[1], fragment: "")
        }
    }

    private mutating func load(_ path: String, _ loader: any DescriptionLoader) async -> XMLElement? {
        guard roots[path] == nil, failures[path] == nil else { return nil }
        guard roots.count + failures.count <= FileCollector.maximumFiles else {
            failures[path] = "the description has more than \(FileCollector.maximumFiles) files"
            return nil
        }
        do throws(IngestError) {
            let text = try await loader.load(path)
            var limits = XMLLimits.description
            limits.maximumBytes = remaining
            let root: XMLElement
            do throws(SourceError) {
                root = try XMLReader.read(text, limits: limits)
            } catch {
                throw IngestError(.unreadable, error.message, position: error.position)
            }
            remaining -= text.readableBytes
            roots[path] = root
            return root
        } catch {
            failures[path] = error.description
            return nil
        }
    }

    /// The locations of other files that stand in a file.
    private static func references(in root: XMLElement) -> [String] {
        if root.name.namespace == SchemaVocabulary.namespace { return schemaReferences(in: root) }
        return WSDLVocabulary.children(of: root, "import").compactMap { $0.attribute("location") }
            + schemas(in: root).flatMap { schemaReferences(in: $0) }
    }

    private static func schemaReferences(in schema: XMLElement) -> [String] {
        schema.elements.filter {
            $0.name.namespace == SchemaVocabulary.namespace && ["import", "include", "redefine"].contains($0.name.local)
        }
        .compactMap { $0.attribute("schemaLocation") }
    }

    /// The schemas that stand in a definitions element.
    static func schemas(in definitions: XMLElement) -> [XMLElement] {
        WSDLVocabulary.children(of: definitions, "types").flatMap { types in
            types.elements.filter { $0.name.local == "schema" && $0.name.namespace == SchemaVocabulary.namespace }
        }
    }
}
