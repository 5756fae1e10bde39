import HTTPTypes
import HubCore
import NIOCore

/// Makes arguments and a plan of the body of one operation.
///
/// The media type is JSON where it is offered, then another type whose syntax is JSON, a form, multipart, text, bytes, anything else;
/// of several in one class the first. The members of an object become arguments of their own; what is no plain object, a choice
/// of shapes, or open to members of any name is one argument, `body`.
struct BodyPlanner {
    private let reading: DescriptionReading
    private let operation: OperationModel
    private(set) var drafts: [ArgumentDraft]
    private(set) var plan: BodyPlan?

    /// - Parameter drafts: the arguments there are already.
    init(_ reading: DescriptionReading, _ operation: OperationModel, drafts: [ArgumentDraft]) {
        self.reading = reading
        self.operation = operation
        self.drafts = drafts
    }

    /// Plans the body, if the operation has one.
    mutating func run() {
        guard let body = operation.body, let media = choose(body.media) else { return }
        if let template = media.template {
            plan = BodyPlan(content: .template(compiled(template, media)), mediaType: media.type.text, isRequired: true)
            return
        }
        if let writer = media.writer {
            plan = BodyPlan(content: .message(writer, members: message(media)), mediaType: media.type.text, isRequired: true)
            return
        }
        if media.type.isJSONSequence, let (use, kinds) = sequence(media) {
            let slot = addWhole(body, use, kinds: kinds, note: "Each element is sent as a line of JSON.")
            plan = BodyPlan(
                content: .jsonLines(slot: slot, isMarked: media.type.isMarkedSequence), mediaType: media.type.text,
                isRequired: body.isRequired ?? false)
            return
        }
        let content: BodyPlan.Content
        var type = media.type.text
        switch media.type.bodyClass {
        case .json, .jsonSuffix:
            content = json(body, media)
        case .range where isBinary(media):
            content = .bytes(slot: addWhole(body, .inline(.base64), kinds: .string, note: "Content in Base64."))
            type = "application/octet-stream"
        case .range:
            content = json(body, media)
            type = "application/json"
        case .form:
            content = form(body, media)
        case .multipart:
            content = multipart(body, media)
        case .binary where !isPlainText(media):
            content = .bytes(slot: addWhole(body, .inline(.base64), kinds: .string, note: "Content (\(media.type.essence)) in Base64."))
        case .other where isXMLObject(media):
            content = xml(body, media)
        case .text, .binary, .other:
            let note = media.type.essence == "text/plain" ? nil : "Text of type \(media.type.essence)."
            content = .text(slot: addWhole(body, .inline(.string), kinds: .string, note: note))
        }
        plan = BodyPlan(content: content, mediaType: type, isRequired: body.isRequired ?? false)
    }

    private func choose(_ media: [MediaModel]) -> MediaModel? {
        // `min` keeps the first of equals. A JSON Patch is a list (RFC 6902 §3): where the schema is none, it is another type's.
        media.min { rank($0) < rank($1) }
    }

    private func rank(_ media: MediaModel) -> (MediaType.BodyClass, Int) {
        guard media.type.essence == "application/json-patch+json", case .schema(.node(let node)) = media.schema else {
            return (media.type.bodyClass, 0)
        }
        return (media.type.bodyClass, reading.shaper.kinds(of: node).contains(.array) ? 0 : 1)
    }

    // MARK: JSON

    private mutating func json(_ body: BodyModel, _ media: MediaModel) -> BodyPlan.Content {
        if case .schema(.node(let node)) = media.schema, let parts = reading.shaper.plainObject(node), parts.additional == nil,
            !parts.properties.isEmpty
        {
            var members: [(slot: Int, key: ByteBuffer)] = []
            for (name, schema) in Self.properties(of: parts) {
                let slot = addMember(name, schema, isRequired: parts.requires(name) && enforcesMembers(body), isText: false)
                members.append((slot, Self.key(name)))
            }
            return .jsonMembers(members)
        }
        let source: SchemaSource
        switch media.schema {
        case .schema(let schema): source = schema
        case .fields(let fields):
            return .jsonMembers(
                fields.map { field in
                    let slot = addMember(
                        field.name, field.schema, isRequired: field.isRequired, isText: false, description: field.description)
                    return (slot, Self.key(field.name))
                })
        }
        let (use, kinds) = reading.shaper.argument(source, named: "body")
        return .json(slot: addWhole(body, use, kinds: kinds, note: nil, keepsNull: true, source: source))
    }

    /// The list whose elements are the values of a sequence; nil where the description does not say that they are JSON.
    private func sequence(_ media: MediaModel) -> (use: SchemaUse, kinds: ValueKinds)? {
        if let item = media.itemSchema { return (reading.shaper.listUse(of: item, named: "body"), .array) }
        guard case .schema(.node(let node)) = media.schema, reading.shaper.kinds(of: node) == .array else { return nil }
        return reading.shaper.argument(.node(node), named: "body")
    }

    /// Whether a call without the required members of the body is refused: not where the body itself may be left out.
    ///
    /// Many descriptions forget to say that a body is required; where one says nothing, it is so for methods that carry one.
    private func enforcesMembers(_ body: BodyModel) -> Bool {
        body.isRequired ?? ["POST", "PUT", "PATCH"].contains(operation.method)
    }

    private static func properties(of parts: ObjectParts) -> [(name: String, schema: SchemaSource)] {
        var properties = parts.properties.map { (name: $0.name, schema: SchemaSource.node($0.schema)) }
        // A required member that is not described could not be sent otherwise, for the arguments are a closed object.
        for name in parts.required where !parts.has(name) { properties.append((name, .none)) }
        return properties
    }

    private static func key(_ name: String) -> ByteBuffer {
        var json = JSONWriter()
        json.key(name)
        return json.buffer
    }

    // MARK: Messages

    private mutating func message(_ media: MediaModel) -> [(slot: Int, name: String)] {
        guard case .schema(.node(let node)) = media.schema, let parts = reading.shaper.plainObject(node) else { return [] }
        return Self.properties(of: parts).map { name, schema in
            (addMember(name, schema, isRequired: parts.requires(name), isText: true, keepsNull: true), name)
        }
    }

    // MARK: Written by hand

    private mutating func compiled(_ template: JSONValue, _ media: MediaModel) -> BodyTemplate {
        let syntax: BodyTemplate.Syntax
        switch media.type.bodyClass {
        case .json, .jsonSuffix: syntax = .json
        case .form: syntax = .form
        case .multipart, .text, .binary, .other, .range: syntax = media.type.essence.hasSuffix("xml") ? .xml : .text
        }
        if case .fields(let fields) = media.schema {
            let isJSON = if case .json = syntax { true } else { false }
            for field in fields {
                _ = addMember(field.name, field.schema, isRequired: field.isRequired, isText: !isJSON, description: field.description)
            }
        }
        let slots = Dictionary(drafts.enumerated().map { ($1.declaredName, $0) }, uniquingKeysWith: { first, _ in first })
        return BodyTemplate(template, syntax: syntax, slots: slots)
    }

    // MARK: XML

    // Where text would do, the caller writes the document itself.
    private func isXMLObject(_ media: MediaModel) -> Bool {
        guard media.type.isXML, case .schema(.node(let node)) = media.schema else { return false }
        let kinds = reading.shaper.kinds(of: node)
        return !kinds.contains(.string) && !kinds.isDisjoint(with: [.object, .array])
    }

    private mutating func xml(_ body: BodyModel, _ media: MediaModel) -> BodyPlan.Content {
        guard case .schema(.node(let node)) = media.schema else {
            return .xml(XMLPlan(nodes: [], rootName: "root"), members: [], whole: nil)
        }
        let plan = XMLPlanner.plan(node, reading)
        guard let parts = reading.shaper.plainObject(node), parts.additional == nil, !parts.properties.isEmpty else {
            let (use, kinds) = reading.shaper.argument(.node(node), named: "body")
            return .xml(
                plan, members: [],
                whole: addWhole(
                    body, use, kinds: kinds, note: "Sent as \(media.type.essence).", source: .node(node)))
        }
        var members: [(slot: Int, name: String)] = []
        for (name, schema) in Self.properties(of: parts) {
            members.append((addMember(name, schema, isRequired: parts.requires(name) && enforcesMembers(body), isText: true), name))
        }
        return .xml(plan, members: members, whole: nil)
    }

    // MARK: Forms

    private mutating func form(_ body: BodyModel, _ media: MediaModel) -> BodyPlan.Content {
        guard let fields = fields(media, body) else {
            let slot = addWhole(body, .inline(.object), kinds: .object, note: "Form fields.")
            return .form([ParameterPlan(slot: slot, name: "", style: .form, explode: true)])
        }
        return .form(
            fields.map { field in
                let slot = addMember(field.name, field.schema, isRequired: field.isRequired, isText: true, description: field.description)
                let encoding = media.encoding[field.name] ?? field.encoding
                let isStyled = encoding.style != nil || encoding.explode != nil || encoding.allowReserved
                let style = encoding.style ?? .form
                return ParameterPlan(
                    slot: slot, name: field.name, style: style, explode: encoding.explode ?? (style == .form || style == .deepObject),
                    allowReserved: encoding.allowReserved, isJSON: !isStyled && Self.isJSON(encoding), objectsAreJSON: !isStyled)
            })
    }

    private mutating func multipart(_ body: BodyModel, _ media: MediaModel) -> BodyPlan.Content {
        if case .schema(let whole) = media.schema, fileShape(whole) != .none {
            // Files without a name of their own: Jira's attachments, and whatever else a Java generator wrote, are read as "file".
            let field = FieldModel(name: "file", schema: whole, description: body.description, isRequired: body.isRequired ?? false)
            let slot = addFile(field, isList: fileShape(whole) == .list)
            return .multipart([PartPlan(slot: slot, name: field.name, content: .file)])
        }
        guard let fields = fields(media, body) else {
            let slot = addWhole(body, .inline(.object), kinds: .object, note: "Fields of the form.")
            return .multipart([PartPlan(slot: slot, name: "", content: .members)])
        }
        return .multipart(
            fields.map { field in
                let encoding = media.encoding[field.name] ?? field.encoding
                let type = encoding.contentType?.split(separator: ",").first.map { String($0.filter { $0 != " " }) }
                let isMedia = type.map { MediaType.isSendable($0) && !$0.contains("*") } ?? false
                let file = field.isFile ? FileShape.single : fileShape(field.schema)
                if file != .none {
                    let slot = addFile(field, isList: file == .list)
                    return PartPlan(
                        slot: slot, name: field.name, content: .file, mediaType: isMedia ? type : nil, headers: headers(encoding, of: field)
                    )
                }
                let slot = addMember(field.name, field.schema, isRequired: field.isRequired, isText: true, description: field.description)
                return PartPlan(
                    slot: slot, name: field.name, content: Self.isJSON(encoding) ? .json : .plain, mediaType: isMedia ? type : nil,
                    headers: headers(encoding, of: field))
            })
    }

    /// The headers of a part: always the same where the description leaves one value, otherwise arguments.
    private mutating func headers(_ encoding: EncodingModel, of field: FieldModel) -> [PartPlan.Header] {
        encoding.headers.map { header in
            var plan = ParameterPlan(slot: 0, name: header.name, style: .simple, explode: header.explode)
            let text = { (value: JSONValue?) -> String? in
                guard header.isRequired, let text = value.map({ ParameterWriter.header(plan, $0) }), HTTPField.isValidValue(text) else {
                    return nil
                }
                return text
            }
            let words = header.words(reading.shaper)
            if let value = text(words.constant ?? words.only) { return .constant(name: header.name, value: value) }
            let fallback = text(words.defaultValue)
            let (use, kinds) = reading.shaper.argument(header.schema, named: header.name)
            let written = header.description.map { PlainText.sentences($0, limit: 240) + " " } ?? ""
            drafts.append(
                ArgumentDraft(
                    binding: ArgumentBinding(name: "", wireName: "\(field.name) \(header.name)", place: .body), use: use,
                    description: written + "Header of \(FindingLog.line(field.name)).",
                    isRequired: header.isRequired && field.isRequired && fallback == nil, kinds: kinds, isText: true))
            plan.slot = drafts.count - 1
            return .argument(plan, isRequired: header.isRequired, fallback: fallback)
        }
    }

    private static func isJSON(_ encoding: EncodingModel) -> Bool {
        guard let type = encoding.contentType.flatMap({ MediaType(described: $0) }) else { return false }
        return type.bodyClass == .json || type.bodyClass == .jsonSuffix
    }

    private func fields(_ media: MediaModel, _ body: BodyModel) -> [FieldModel]? {
        switch media.schema {
        case .fields(let fields):
            return fields
        case .schema(.node(let node)):
            guard let parts = reading.shaper.plainObject(node) ?? reading.shaper.plainObject(node, mergesAlternatives: true),
                !parts.properties.isEmpty
            else { return nil }
            return Self.properties(of: parts).map { name, schema in
                FieldModel(name: name, schema: schema, isRequired: parts.requires(name) && enforcesMembers(body))
            }
        case .schema:
            return nil
        }
    }

    // MARK: Files

    private enum FileShape {
        case none, single, list
    }

    private func fileShape(_ source: SchemaSource) -> FileShape {
        guard case .node(let node) = source else { return .none }
        let schema = reading.shaper.resolved(node)
        // "A file or several": a list takes both.
        if let choices = schema["anyOf"] ?? schema["oneOf"], choices.count > 0 {
            let shapes = choices.elements.map { plainFileShape($0) }
            return shapes.contains(.none) ? .none : shapes.contains(.list) ? .list : .single
        }
        return plainFileShape(schema)
    }

    private func plainFileShape(_ node: JSONValue) -> FileShape {
        if reading.shaper.isFile(node) { return .single }
        guard let items = reading.shaper.resolved(node)["items"], reading.shaper.isFile(items) else { return .none }
        return .list
    }

    private func isBinary(_ media: MediaModel) -> Bool {
        guard case .schema(.node(let node)) = media.schema else { return false }
        return reading.shaper.isFile(node)
    }

    /// Whether a body in a type that is not known to be text is text all the same, because its schema says so.
    private func isPlainText(_ media: MediaModel) -> Bool {
        guard
            ["application/octet-stream", "application/pdf", "application/zip", "application/gzip"].allSatisfy({ $0 != media.type.essence }),
            media.type.essence.hasPrefix("application/"), case .schema(.node(let node)) = media.schema
        else { return false }
        return !reading.shaper.isFile(node)
    }

    // MARK: Arguments

    private mutating func addMember(
        _ name: String, _ source: SchemaSource, isRequired: Bool, isText: Bool, description: String? = nil, keepsNull: Bool? = nil
    ) -> Int {
        reading.budget.spend(WorkBudget.argument)
        let (use, kinds) = reading.shaper.argument(source, named: name)
        drafts.append(
            ArgumentDraft(
                binding: ArgumentBinding(name: "", wireName: name, place: .body), use: use,
                description: description.map { PlainText.sentences($0, limit: 300) }, isRequired: isRequired, kinds: kinds, isText: isText,
                keepsNull: keepsNull ?? !isText, source: source))
        return drafts.count - 1
    }

    private mutating func addFile(_ field: FieldModel, isList: Bool) -> Int {
        reading.budget.spend(WorkBudget.argument)
        let written: String?
        switch field.schema {
        case .node(let node): written = field.description ?? reading.shaper.resolved(node)["description"]?.string
        case .parameter, .none, .string: written = field.description
        }
        let text = written.map { PlainText.sentences($0, limit: 240) + " " } ?? ""
        drafts.append(
            ArgumentDraft(
                binding: ArgumentBinding(name: "", wireName: field.name, place: .body), use: .inline(isList ? .files : .file),
                description: text + "File in Base64 or as a data: URI.", isRequired: field.isRequired,
                kinds: isList ? .array : [.string, .object], isText: true))
        return drafts.count - 1
    }

    private mutating func addWhole(
        _ body: BodyModel, _ use: SchemaUse, kinds: ValueKinds, note: String?, keepsNull: Bool = false,
        source: SchemaSource = .none
    ) -> Int {
        let parts = [body.description.map { PlainText.sentences($0, limit: 240) }, note].compactMap { $0 }.filter { !$0.isEmpty }
        drafts.append(
            ArgumentDraft(
                binding: ArgumentBinding(name: "", wireName: "", place: .body), use: use,
                description: parts.isEmpty ? nil : parts.joined(separator: " "), isRequired: body.isRequired ?? false, kinds: kinds,
                isText: !keepsNull, keepsNull: keepsNull, source: source))
        return drafts.count - 1
    }
}

extension SchemaShaper {
    /// The node a schema stands for, references followed.
    func resolved(_ node: JSONValue) -> JSONValue {
        guard let reference = node["$ref"], reference.kind == .string, let target = target(of: reference) else { return node }
        let resolved = self.node(of: target)
        return budget.spend(resolved.count / 4) ? resolved : node
    }

    /// Whether a schema means raw bytes: `format: binary` of 3.0, or in 3.1 a media type without an encoding (§4.8.24.4.1), or the
    /// encoding "binary", which changes nothing (RFC 2045 §2.9).
    func isFile(_ schema: JSONValue) -> Bool {
        let node = resolved(schema)
        guard node.kind == .object else { return false }
        if node["type"]?.isString("file") == true { return true }
        // Spring's `MultipartFile` as Java generators describe it, member by member.
        if node["properties"]?["originalFilename"] != nil, node["properties"]?["inputStream"] != nil { return true }
        if node["format"]?.isString("binary") == true { return node["type"].map { $0.isString("string") || $0.kind == .array } ?? true }
        if let encoding = node["contentEncoding"] { return encoding.isString("binary") }
        guard let type = node["contentMediaType"]?.string else { return false }
        return MediaType(described: type).map { $0.bodyClass == .binary || $0.bodyClass == .range } ?? false
    }
}

extension PartHeaderModel {
    /// The keywords of its schema.
    func words(_ shaper: SchemaShaper) -> SchemaKeywords {
        guard case .node(let node) = schema else { return SchemaKeywords(self.node) }
        return SchemaKeywords(shaper.resolved(node))
    }
}
