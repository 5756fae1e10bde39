import HTTPTypes
import HubCore
import NIOCore

/// Reads WSDL 1.1 with SOAP 1.1 and 1.2 over HTTP: one tool for each operation of a port type, however many ports offer it.
///
/// The schemas become JSON Schema in one document, of which the operations are then made into tools like those of OpenAPI.
/// What is missing takes anything in its place, with a finding.
struct WSDLReader {
    private let files: WSDLFiles
    private let documents: WSDLDocuments
    private let set: SchemaSet
    private var findings: [IngestFinding] = []

    /// Whether a text is XML, so that it is looked at here.
    static func isXML(_ bytes: ByteBuffer) -> Bool {
        var view = bytes.readableBytesView[...]
        if view.starts(with: [0xEF, 0xBB, 0xBF]) { view = view.dropFirst(3) }
        if view.starts(with: [0xFF, 0xFE, 0x3C, 0x00]) || view.starts(with: [0xFE, 0xFF, 0x00, 0x3C]) { return true }
        return view.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } == UInt8(ascii: "<")
    }

    /// Reads a text with the files that it imports.
    ///
    /// - Throws: `IngestError` with the place: malformed XML, another format, or operations of which none can be called.
    static func read(
        _ bytes: ByteBuffer, named name: String, soap: SOAPVersion?, loader: (any DescriptionLoader)?
    ) async throws(IngestError) -> IngestedAPI {
        if let refusal = DescriptionFormat.refusal(ofText: bytes) { throw refusal }
        let root: XMLElement
        do throws(SourceError) {
            root = try XMLReader.read(bytes, limits: .description)
        } catch {
            throw IngestError(.unreadable, "not valid XML: \(error.message)", position: error.position)
        }
        if let refusal = DescriptionFormat.refusal(ofXML: root) { throw refusal }
        let files = await WSDLFiles.collect(root, named: name, size: bytes.readableBytes, loader: loader)
        var reader = WSDLReader(files)
        return try reader.read(soap)
    }

    private init(_ files: WSDLFiles) {
        self.files = files
        documents = WSDLDocuments(files)
        let compiled = SchemaCompiler.compile(documents.schemas)
        set = compiled.set
        for finding in documents.findings + compiled.findings {
            findings.append(
                IngestFinding(kind: finding.kind, message: finding.message, file: file(finding.path), position: finding.position))
        }
    }

    // MARK: Operations

    private mutating func read(_ version: SOAPVersion?) throws(IngestError) -> IngestedAPI {
        var planner = SOAPPlanner(documents.definitions, set, prefers: version)
        let calls = planner.plan()
        for problem in planner.problems {
            findings.append(
                IngestFinding(
                    kind: problem.kind, message: problem.message, file: file(problem.operation.path), position: problem.operation.position,
                    operation: SOAPPlanner.label(problem.operation)))
        }
        if calls.isEmpty, let first = planner.problems.first(where: { $0.kind == .skippedOperation }) {
            throw IngestError(
                .nothingUsable, "none of the operations can be called: \(first.message)", file: file(first.operation.path),
                position: first.operation.position)
        }
        let document = try WSDLSchemaWriter.document(of: calls, planner.mapping)
        let reading = Self.reading(of: document)
        var builder = ToolBuilder(reading, SecurityReader(reading))
        let plans = planner.mapping.plans
        var operations: [IngestedOperation] = []
        operations.reserveCapacity(calls.count)
        for (call, node) in zip(calls, reading.root["operations"]?.elements.map { $0 } ?? []) {
            reading.log.place = (file(call.operation.path), call.operation.position)
            guard var operation = builder.build(model(of: call, node, plans, reading), named: call.name) else { continue }
            operation.decoder = SOAPAnswerReader(message: call.output, plans: plans, elements: set.elements)
            operations.append(operation)
        }
        return IngestedAPI(
            title: documents.definitions.serviceName.map { PlainText.sentences($0, limit: 200) } ?? "", version: "",
            description: documents.definitions.documentation, dialect: .wsdl, operations: operations,
            findings: findings + reading.log.all, operationCount: planner.count, securitySchemes: [:])
    }

    private static func reading(of document: SourceDocument) -> DescriptionReading {
        let files = DescriptionFiles(document)
        return DescriptionReading(
            root: document.json.root, dialect: .wsdl, index: ReferenceIndex(files, anchors: []), log: FindingLog(files))
    }

    private func model(
        of call: SOAPPlanner.Call, _ node: JSONValue, _ plans: ValuePlans, _ reading: DescriptionReading
    ) -> OperationModel {
        let version = call.input.version
        let (server, query) = Self.server(call.address)
        var model = OperationModel(method: "POST", path: query, node: node, reading)
        model.isAtServer = true
        model.label = SOAPPlanner.label(call.operation)
        model.summary = nil
        model.description = call.operation.documentation
        model.server = server
        switch version {
        case .soap11:
            model.accept = "text/xml, multipart/related;q=0.9"
            if let field = HTTPField.Name("SOAPAction") { model.fixedHeaders.append((field, SOAPVersion.quoted(call.action))) }
        case .soap12:
            model.accept = "application/soap+xml, multipart/related;q=0.9, text/xml;q=0.5"
        }
        guard let type = MediaType(described: version.contentType(action: call.action)), let schema = node["input"] else { return model }
        var media = MediaModel(type: type, schema: .schema(.node(schema)))
        media.writer = SOAPRequestWriter(message: call.input, plans: plans)
        model.body = BodyModel(isRequired: true, media: [media])
        return model
    }

    private func file(_ path: String) -> String? { path == files.entry ? nil : path }

    /// The address of a port without its query, and that.
    private static func server(_ address: String?) -> (ServerReference, query: String) {
        guard let address else { return (.none, "") }
        let text = XMLText.trimmed(address)
        let url = String(text.prefix { $0 != "?" && $0 != "#" })
        let server = ServerReader.reference(url, written: text)
        guard case .absolute = server else {
            // Relative to what, a WSDL does not say; a placeholder such as `http://HOST:PORT/` cannot be called.
            if case .unusable = server { return (server, "") }
            return (.unusable(text, reason: "it is no whole address"), "")
        }
        return (server, String(text.dropFirst(url.count).prefix { $0 != "#" }))
    }
}
