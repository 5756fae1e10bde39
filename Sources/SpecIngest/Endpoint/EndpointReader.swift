import HTTPTypes
public import HubCore

/// Reads endpoints that the operator wrote by hand as what a description would have come to.
///
/// Nodes are those of the configuration, so that every finding has its place there. An endpoint with something wrong becomes no
/// operation, and whoever wrote it is there to mend it: each finding is an error.
public struct EndpointReader {
    private let reading: DescriptionReading
    private var builder: ToolBuilder
    private var operations: [IngestedOperation] = []
    private var names: Set<String> = []

    private init(_ reading: DescriptionReading) {
        self.reading = reading
        builder = ToolBuilder(reading, SecurityReader(reading))
    }

    /// Reads a list of endpoints that stands in `document`.
    public static func read(_ list: JSONValue, in document: SourceDocument) -> IngestedAPI {
        let files = DescriptionFiles(document, root: list)
        let log = FindingLog(files)
        var reader = EndpointReader(
            DescriptionReading(root: list, dialect: .openAPI31, index: ReferenceIndex(files, anchors: []), log: log))
        for node in list.elements { reader.add(node) }
        return IngestedAPI(
            title: "", version: "", dialect: .openAPI31, operations: reader.operations, findings: log.all, operationCount: list.count,
            securitySchemes: [:])
    }

    private mutating func add(_ node: JSONValue) {
        guard let name = node["name"]?.string, !name.isEmpty, let written = node["request"], let text = written.string else { return }
        guard names.insert(name).inserted else {
            return reading.log.add(.dropped, "two endpoints are named \(FindingLog.quoted(name))", at: node["name"] ?? node)
        }
        let line: RequestLine
        do {
            line = try RequestLine(text)
        } catch {
            return reading.log.add(.dropped, error.message, at: written)
        }
        var draft = EndpointDraft(reading, node, line)
        guard let model = draft.model(), var operation = builder.build(model, named: name) else { return }
        operation.tool.title = node["title"]?.string
        operation.tool.description = node["description"]?.string ?? node["title"]?.string ?? operation.tool.description
        operation.tool.examples = (node["examples"]?.elements ?? .none).compactMap(\.string)
        if let risk = node["risk"]?.string.flatMap({ Risk(rawValue: $0) }) {
            operation.tool.risk = risk
            operation.tool.annotations.readOnly = risk == .read
            operation.tool.annotations.destructive = risk == .destructive
        }
        operations.append(operation)
    }
}

/// One endpoint in the making.
private struct EndpointDraft {
    private static let queryMethods: Set<String> = ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "QUERY"]

    private let reading: DescriptionReading
    private let node: JSONValue
    private let line: RequestLine
    private let inBody: Set<String>
    private var parameters: [ParameterModel] = []
    private var fields: [FieldModel] = []
    private var defaults: [String: JSONValue] = [:]
    private var isSound = true

    init(_ reading: DescriptionReading, _ node: JSONValue, _ line: RequestLine) {
        self.reading = reading
        self.node = node
        self.line = line
        inBody = Set(node["body"].map { BodyTemplate.placeholders(in: $0).map(\.name) } ?? [])
    }

    /// The operation, or nil, with findings.
    mutating func model() -> OperationModel? {
        let declared = node["parameters"]?.kind == .object ? node["parameters"] : nil
        for name in line.variables + line.query.map(\.variable) where declared?[name] == nil { addImplied(name) }
        for (name, parameter) in declared.memberList where parameter.kind == .object { add(name, parameter) }
        var model = OperationModel(method: line.method, path: line.path, node: node, reading)
        model.parameters = parameters
        model.description = nil
        model.defaults = defaults
        addHeaders(to: &model)
        model.body = body()
        return isSound ? model : nil
    }

    private mutating func complain(_ message: String, at place: JSONValue) {
        isSound = false
        reading.log.add(.dropped, message, at: place)
    }

    // MARK: Parameters

    /// A variable of the request that is not declared is text, and it must be given.
    private mutating func addImplied(_ name: String) {
        let wireName = line.query.first { $0.variable == name }?.name
        var parameter = ParameterModel(
            name: wireName ?? name, place: wireName == nil ? .path : .query, node: node, description: nil, isRequired: true,
            schema: .string,
            style: wireName == nil ? .simple : .form, explode: wireName != nil)
        parameter.argument = name
        parameters.append(parameter)
    }

    private mutating func add(_ nameNode: JSONValue, _ parameter: JSONValue) {
        guard let name = nameNode.string, let place = place(of: name, nameNode, parameter) else { return }
        let hasDefault = parameter["default"] != nil
        if place == .path, parameter["required"]?.bool == false, !hasDefault {
            return complain(
                "\(FindingLog.quoted(name)) stands in the path, which cannot do without it", at: parameter["required"] ?? nameNode)
        }
        let isRequired = !hasDefault && (parameter["required"]?.bool ?? (place == .path))
        if let value = parameter["default"] {
            let kinds = reading.shaper.kinds(of: parameter, origin: .parameter)
            guard kinds.isEmpty || kinds.takes(ValueKinds(of: value)) else {
                return complain("the default of \(FindingLog.quoted(name)) has to be \(kinds.phrase)", at: value)
            }
            defaults[name] = value
        }
        let description = reading.text(parameter, "description")
        let isFile = parameter["type"]?.isString("file") ?? false
        if isFile, place != .body || MediaType(described: node["contentType"]?.string ?? "")?.bodyClass != .multipart {
            return complain("a file is a part of a body with `contentType: multipart/form-data`", at: parameter["type"] ?? nameNode)
        }
        if place == .body {
            fields.append(
                FieldModel(name: name, schema: .parameter(parameter), description: description, isRequired: isRequired, isFile: isFile))
            return
        }
        let isForm = place == .query || place == .cookie
        var model = ParameterModel(
            name: line.query.first { $0.variable == name }?.name ?? name, place: place, node: nameNode, description: description,
            isRequired: isRequired, schema: .parameter(parameter), style: isForm ? .form : .simple, explode: isForm)
        model.argument = name
        parameters.append(model)
    }

    /// Where a parameter goes, in this order:
    /// 1. into the path or the query where the request says so, whatever else it says being an error;
    /// 2. where `in` says;
    /// 3. into the body that names it;
    /// 4. into the query of a method that only reads or removes, into the body of others.
    private mutating func place(of name: String, _ nameNode: JSONValue, _ parameter: JSONValue) -> ArgumentBinding.Place? {
        let written = parameter["in"]?.string.flatMap { ArgumentBinding.Place(rawValue: $0) }
        let inRequest: ArgumentBinding.Place? =
            line.variables.contains(name) ? .path : line.query.contains { $0.variable == name } ? .query : nil
        if let inRequest {
            guard let written, written != inRequest else { return inRequest }
            complain("\(FindingLog.quoted(name)) stands in the \(inRequest.rawValue) of the request", at: parameter["in"] ?? nameNode)
            return nil
        }
        switch written ?? (inBody.contains(name) ? .body : Self.queryMethods.contains(line.method) ? .query : .body) {
        case .path:
            complain("the path of the request has no {\(FindingLog.line(name))}", at: parameter["in"] ?? nameNode)
            return nil
        case .header where HeaderRule.fieldName(name) == nil:
            complain("\(FindingLog.quoted(name)) cannot be a header that a caller chooses", at: nameNode)
            return nil
        case .body where node["body"] != nil && !inBody.contains(name):
            complain("the body does not use \(FindingLog.quoted(name)): write \"{\(FindingLog.line(name))}\" where it goes", at: nameNode)
            return nil
        case let place:
            return place
        }
    }

    // MARK: Headers

    private mutating func addHeaders(to model: inout OperationModel) {
        for (name, value) in node["headers"].memberList {
            guard let text = name.string, let value = value.string else { continue }
            switch text.lowercased() {
            case "accept" where HTTPField.isValidValue(value):
                model.accept = value
            case "authorization", "cookie", "proxy-authorization":
                complain("a credential does not belong here: write `credential:` at the upstream", at: name)
            case "content-type":
                complain("write `contentType:` beside `request:` instead", at: name)
            default:
                guard let field = HeaderRule.fixedFieldName(text), HTTPField.isValidValue(value) else {
                    complain("the header \(FindingLog.quoted(text)) cannot be sent", at: name)
                    continue
                }
                if !PlaceholderText.names(in: value).allSatisfy({ node["parameters"]?[$0] == nil }) {
                    complain("a fixed header takes no arguments: declare a parameter with `in: header`", at: name)
                }
                model.fixedHeaders.append((field, value))
            }
        }
    }

    // MARK: Body

    private mutating func body() -> BodyModel? {
        let template = node["body"]
        let written = node["contentType"]?.string
        guard template != nil || !fields.isEmpty else {
            if let place = node["contentType"] {
                complain("there is no body to have a type: add `body:` or parameters `in: body`", at: place)
            }
            return nil
        }
        let place = node["contentType"] ?? node
        guard let type = MediaType(described: written ?? "application/json"), MediaType.isSendable(type.text), !type.text.contains("*")
        else {
            complain("\(FindingLog.quoted(written ?? "")) is no media type", at: place)
            return nil
        }
        var media = MediaModel(type: type, schema: .fields(fields))
        if let template {
            check(template, type)
            media.template = template
        } else if ![.json, .jsonSuffix, .form, .multipart].contains(type.bodyClass) {
            complain("a body of type \(type.essence) has to be written out: add `body:`", at: place)
        }
        return BodyModel(isRequired: template != nil || fields.contains(where: \.isRequired), description: nil, media: [media])
    }

    private mutating func check(_ template: JSONValue, _ type: MediaType) {
        let known = Set(parameters.map { $0.argument ?? $0.name } + fields.map(\.name))
        let declared = node["parameters"]
        // One that is declared but was refused has its finding already.
        for (name, place) in BodyTemplate.placeholders(in: template) where !known.contains(name) && declared?[name] == nil {
            complain("there is no parameter {\(name)}: declare it, or write {{\(name)}} for the text", at: place)
        }
        switch type.bodyClass {
        case .json, .jsonSuffix:
            guard let text = template.string, let first = text.first(where: { !$0.isWhitespace }), first == "{" || first == "[" else {
                break
            }
            if case .placeholder? = PlaceholderText.cut(text).first { break }
            complain("a body in JSON is written as YAML or JSON here, not as text", at: template)
        case .form:
            if template.kind != .object { complain("the body of a form has to be a mapping of its fields", at: template) }
        case .multipart:
            complain("a multipart body is made of parameters `in: body`, not written out", at: template)
        case .text, .binary, .other, .range:
            if template.kind != .string { complain("a body of type \(type.essence) has to be text", at: template) }
        }
    }
}
