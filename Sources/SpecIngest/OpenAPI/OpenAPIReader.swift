public import HubCore
public import NIOCore

/// Reads descriptions of HTTP APIs: Swagger 2.0 and OpenAPI 3.0 to 3.2, in JSON or YAML.
///
/// A document is read operation by operation. What is wrong with one is left out or mended with a finding and never costs
/// another; only a text that is no such description at all, or in which nothing can be called, is refused. Nothing outside the
/// document is opened.
///
/// Costs time in proportion to the document and what is written of it; call it where work may be done, not on a request's way.
public enum OpenAPIReader {
    /// Reads a text.
    ///
    /// - Throws: `IngestError` with the place where there is one.
    public static func read(_ bytes: ByteBuffer, limits: JSONLimits = .description) throws(IngestError) -> IngestedAPI {
        try read(document(bytes, limits: limits))
    }

    /// A text as a document.
    static func document(_ bytes: ByteBuffer, limits: JSONLimits = .description) throws(IngestError) -> SourceDocument {
        if let refusal = DescriptionFormat.refusal(ofText: bytes) { throw refusal }
        if WSDLReader.isXML(bytes) {
            throw IngestError(.unsupportedFormat, "this is XML, and no description of OpenAPI", hint: "it may be a WSDL")
        }
        do {
            return try SourceDocument(reading: bytes, limits: limits)
        } catch {
            throw IngestError(.unreadable, error.message, position: error.position)
        }
    }

    /// Reads a document.
    ///
    /// - Throws: `IngestError`: another format, by name and with what to do; no description; a `$ref` into the file system by
    ///   URL; or operations of which none can be called.
    public static func read(_ document: SourceDocument) throws(IngestError) -> IngestedAPI {
        try read(DescriptionFiles(document), entry: document)
    }

    /// Reads a description in one or more files, of which `entry` is the first.
    static func read(_ files: DescriptionFiles, entry document: SourceDocument) throws(IngestError) -> IngestedAPI {
        let root = files.roots.first ?? document.json.root
        var topLevel: Set<String> = []
        for (name, _) in root.members where !topLevel.insert(name.string ?? "").inserted {
            // Of two `openapi` or two `paths`, readers take different ones; further down a finding is enough.
            throw IngestError(
                .unreadable, "\(FindingLog.quoted(name.string ?? "")) stands twice at the top of the document",
                position: files.place(of: name).position)
        }
        let dialect = try DescriptionFormat.dialect(of: document.json.root, in: document)
        if let reference = files.fileReference {
            let (file, position) = files.place(of: reference)
            throw IngestError(
                .forbiddenReference, "a $ref with a file: address: a description must not name files of the machine that reads it",
                hint: "use a relative path", file: file, position: position)
        }
        let log = FindingLog(files)
        for name in files.repeatedNames {
            log.add(.repaired, "\(FindingLog.quoted(name.string ?? "")) stands twice in one object; the last one counts", at: name)
        }
        let reading = DescriptionReading(
            root: root, dialect: dialect, index: ReferenceIndex(files, anchors: dialect.isJSONSchema2020 ? files.anchors : []), log: log)
        var walk = OperationWalk(reading)
        walk.run()
        reading.budget.renew()
        let security = SecurityReader(reading)
        let names = ToolNames.make(walk.operations.map { ToolNames.Source(operationID: $0.operationID, method: $0.method, path: $0.path) })
        var builder = ToolBuilder(reading, security)
        var operations: [IngestedOperation] = []
        operations.reserveCapacity(names.count)
        // What a model takes is given back once its tool is made: all of both at once is what a description would cost at most.
        var models = walk.take()
        models.reverse()
        for name in names {
            guard var model = models.popLast() else { break }
            model.security = security.requirements(of: model.node)
            if let operation = builder.build(model, named: name) { operations.append(operation) }
        }
        let findings = log.all
        if operations.isEmpty, walk.count > 0, let first = findings.first(where: { $0.kind == .skippedOperation }) {
            throw IngestError(
                .nothingUsable, "none of the operations can be called: \(first.message)", file: first.file, position: first.position)
        }
        let info = root["info"]
        return IngestedAPI(
            title: info?["title"]?.string.map { PlainText.sentences($0, limit: 200) } ?? "",
            version: info?["version"].map { FindingLog.line(ParameterShape.text($0)) } ?? "",
            description: info?["description"]?.string.map { PlainText.sentences($0, limit: 1_000) }, dialect: dialect,
            operations: operations,
            findings: findings, operationCount: walk.count, securitySchemes: security.schemes, servers: walk.servers)
    }
}
