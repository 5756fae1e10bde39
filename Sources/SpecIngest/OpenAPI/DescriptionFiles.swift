import HubCore
import NIOCore

/// The files of one description as one JSON document, which knows of each value where it was written.
///
/// One document, because what has been read is remembered by a value's index: of two files they would be confused.
struct DescriptionFiles: Sendable {
    /// A file by itself.
    struct Part {
        var name: String
        var document: SourceDocument
        var scan: DocumentScan
    }

    private struct File {
        var name: String
        var document: SourceDocument
        /// What was seen of it by itself.
        var scan: DocumentScan?
        var root: JSONValue
        /// Where the document starts among the values, and among the bytes.
        var index: Int
        var offset: Int
    }

    private let files: [File]
    private let firsts: [UInt32]
    private let numbers: [String: Int]
    /// Why files that are referred to are not here.
    private let failures: [String: String]
    private let ownAddress: String?

    /// A description in one file.
    init(_ document: SourceDocument) {
        let scan = DocumentScan(document.json.root)
        self.init([File(name: "", document: document, scan: scan, root: document.json.root, index: 0, offset: 0)], failures: [:])
    }

    /// A part of a document, written by hand: nothing refers to anything.
    init(_ document: SourceDocument, root: JSONValue) {
        self.init([File(name: "", document: document, root: root, index: 0, offset: 0)], failures: [:])
    }

    /// A description in several files, the one the operator named first.
    init(_ parts: [Part], failures: [String: String]) throws(IngestError) {
        guard parts.count > 1 else {
            self.init(
                parts.map {
                    File(name: $0.name, document: $0.document, scan: $0.scan, root: $0.document.json.root, index: 0, offset: 0)
                }, failures: failures)
            return
        }
        var bytes = ByteBuffer()
        var offsets: [Int] = []
        for part in parts {
            bytes.writeString(offsets.isEmpty ? "[" : ",")
            offsets.append(bytes.readableBytes)
            bytes.writeImmutableBuffer(part.document.json.bytes)
        }
        bytes.writeString("]")
        var limits = JSONLimits.description
        limits.maximumBytes += parts.count + 1
        limits.maximumDepth += 1
        let json: JSONDocument
        do {
            json = try JSONDocument(parsing: bytes, limits: limits)
        } catch {
            throw IngestError(.unreadable, "the files of the description together: \(error.reason.rawValue)")
        }
        let files = zip(zip(parts, offsets), json.root.elements).map { part, root in
            File(name: part.0.name, document: part.0.document, scan: part.0.scan, root: root, index: root.index, offset: part.1)
        }
        self.init(files, failures: failures)
    }

    private init(_ files: [File], failures: [String: String]) {
        self.files = files
        self.failures = failures
        firsts = files.map { UInt32(clamping: $0.index) }
        var numbers = Dictionary(files.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
        ownAddress = files.first?.root["$self"]?.string.map { String(FileReference.address($0)) }
        // OpenAPI 3.2 §4.1.2.2.1: what is relative is relative to `$self`, so its last part is another name of the document.
        if let last = ownAddress?.split(separator: "/").last.map({ String($0) }), numbers[last] == nil { numbers[last] = 0 }
        self.numbers = numbers
    }

    /// The values that the files consist of, the first file's first.
    var roots: [JSONValue] { files.map(\.root) }

    /// The nodes that anchors name, file by file.
    var anchors: [[String: JSONValue]] { files.map { file in file.scan?.anchors.compactMapValues { value(at: $0, in: file) } ?? [:] } }

    /// A `$ref` into the file system of whoever reads the description.
    var fileReference: JSONValue? { files.lazy.compactMap { file in file.scan?.fileReference.flatMap { value(at: $0, in: file) } }.first }

    /// Names that stand before in the same object.
    var repeatedNames: [JSONValue] { files.flatMap { file in file.scan?.repeatedNames.compactMap { value(at: $0, in: file) } ?? [] } }

    /// The value that had an index in a file by itself.
    private func value(at index: Int, in file: File) -> JSONValue? { file.root.document.value(at: file.index + index) }

    /// The file a value stands in.
    func number(of value: JSONValue) -> Int { firsts.index(ofLastUpTo: value.index) }

    /// Where a value stands: `file` is nil in the file that the operator named.
    func place(of value: JSONValue) -> (file: String?, position: SourcePosition) {
        let number = number(of: value)
        guard files.indices.contains(number) else { return (nil, SourcePosition(line: 1, column: 1)) }
        let file = files[number]
        let position = file.document.position(index: value.index - file.index, offset: value.offset - file.offset)
        return (number == 0 ? nil : file.name, position)
    }

    /// The file and the fragment that a reference in file `number` leads to, or why there is none.
    func resolve(_ reference: String, from number: Int) -> Result<(number: Int, fragment: String), Refusal> {
        guard files.indices.contains(number) else { return .failure(Refusal(reason: "leads nowhere")) }
        if let ownAddress, FileReference.address(reference) == ownAddress {
            return .success((0, String(reference.dropFirst(ownAddress.count + 1))))
        }
        // Before the table of names: a file without a name refers to itself all the same.
        if reference.isEmpty || reference.hasPrefix("#") { return .success((number, String(reference.dropFirst()))) }
        switch FileReference.resolve(reference, from: files[number].name) {
        case .outside(let reason):
            return .failure(Refusal(reason: reason))
        case .file(let name, let fragment):
            if let number = numbers[name] { return .success((number, fragment)) }
            return .failure(Refusal(reason: failures[name].map { "cannot be followed: \($0)" } ?? "leads out of the document"))
        }
    }

    /// Why a reference is not followed, as the end of a sentence about it.
    struct Refusal: Error {
        var reason: String
    }
}
