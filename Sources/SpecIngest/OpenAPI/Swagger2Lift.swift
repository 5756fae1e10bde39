import HubCore

/// Reads operations of Swagger 2.0 into the form of OpenAPI 3.1.
struct Swagger2Lift: OperationLift {
    private let reading: DescriptionReading
    private let servers: ServerReader
    private let documentServer: ServerReference
    private let consumes: [MediaType]
    private let produces: [MediaType]

    init(_ reading: DescriptionReading) {
        self.reading = reading
        self.servers = ServerReader(reading)
        self.documentServer = servers.swagger2(schemes: nil)
        self.consumes = Self.types(reading.root["consumes"]) ?? []
        self.produces = Self.types(reading.root["produces"]) ?? []
    }

    func sharedParts(of item: JSONValue) -> SharedParts {
        SharedParts(parameters: ParameterList(reading).elements(of: item["parameters"]))
    }

    func operation(method: String, path: String, node: JSONValue, shared: SharedParts) -> OperationModel {
        var operation = OperationModel(method: method, path: path, node: node, reading)
        var fields: [FieldModel] = []
        for (parameter, name, place) in ParameterList.merged(reading, shared: shared.parameters, own: node["parameters"]) {
            switch place {
            case "body": operation.body = body(parameter, consumes: Self.types(node["consumes"]) ?? consumes)
            case "formdata": fields.append(field(parameter, name))
            default: if let parameter = self.parameter(parameter, name, place) { operation.parameters.append(parameter) }
            }
        }
        if !fields.isEmpty, operation.body == nil { operation.body = form(fields, consumes: Self.types(node["consumes"]) ?? consumes) }
        operation.server = node["schemes"]?.kind == .array ? servers.swagger2(schemes: node["schemes"]) : documentServer
        operation.responseTypes = (Self.types(node["produces"]) ?? produces).map(\.text)
        operation.answer = answer(node["responses"])
        return operation
    }

    /// The schema of the first answer that means success, or of the default one.
    private func answer(_ responses: JSONValue?) -> JSONValue? {
        var fallback: JSONValue?
        for (status, written) in responses.memberList {
            guard let status = status.string, status.hasPrefix("2") || status == "default",
                let schema = reading.object(written, "the response")?["schema"]
            else { continue }
            if status != "default" { return schema }
            fallback = fallback ?? schema
        }
        return fallback
    }

    /// The media types of a list; nil where there is none, so that those of the document hold.
    private static func types(_ list: JSONValue?) -> [MediaType]? {
        guard list != nil else { return nil }
        return list.elementList.prefix(MediaModel.maximum).compactMap { $0.string.flatMap { MediaType(described: $0) } }
    }

    // MARK: Parameters

    private func parameter(_ node: JSONValue, _ name: String, _ placeName: String) -> ParameterModel? {
        guard let place = ArgumentBinding.Place(rawValue: placeName), place != .body, place != .cookie else {
            reading.log.add(
                .dropped, "parameter \(FindingLog.quoted(name)) is in \(FindingLog.quoted(placeName)), which Swagger 2.0 does not have",
                at: node)
            return nil
        }
        let (style, explode) = collectionFormat(node, place)
        return ParameterModel(
            name: name, place: place, node: node, description: reading.text(node, "description"),
            isRequired: place == .path || node["required"]?.bool == true, schema: schema(of: node), style: style, explode: explode)
    }

    // Some documents write a `schema` as in OpenAPI 3.
    private func schema(of node: JSONValue) -> SchemaSource {
        node["schema"].map { .node($0) } ?? .parameter(node)
    }

    private func collectionFormat(_ node: JSONValue, _ place: ArgumentBinding.Place) -> (style: ParameterStyle, explode: Bool) {
        guard place == .query || place == .body else { return (.simple, false) }
        switch node["collectionFormat"]?.string {
        case "multi": return (.form, true)
        case "ssv": return (.spaceDelimited, false)
        case "tsv": return (.tabDelimited, false)
        case "pipes": return (.pipeDelimited, false)
        default: return (.form, false)
        }
    }

    // MARK: Bodies

    private func body(_ node: JSONValue, consumes: [MediaType]) -> BodyModel {
        let types = consumes.isEmpty ? [MediaType(described: "application/json")].compactMap { $0 } : consumes
        let schema: SchemaSource = node["schema"].map { .node($0) } ?? .none
        return BodyModel(
            isRequired: node["required"]?.bool ?? false, description: reading.text(node, "description"),
            media: types.map { MediaModel(type: $0, schema: .schema(schema)) })
    }

    private func field(_ node: JSONValue, _ name: String) -> FieldModel {
        let (style, explode) = collectionFormat(node, .body)
        return FieldModel(
            name: name, schema: schema(of: node), description: reading.text(node, "description"),
            isRequired: node["required"]?.bool == true,
            isFile: node["type"]?.isString("file") == true, encoding: EncodingModel(style: style, explode: explode))
    }

    /// A file needs `multipart/form-data` (Swagger 2.0, "Parameter Object"); otherwise what the operation consumes decides.
    private func form(_ fields: [FieldModel], consumes: [MediaType]) -> BodyModel {
        let needsParts = fields.contains(where: \.isFile)
        let offered = consumes.filter { $0.bodyClass == .multipart || (!needsParts && $0.bodyClass == .form) }
        let fallback = needsParts ? "multipart/form-data" : "application/x-www-form-urlencoded"
        let types = offered.isEmpty ? [MediaType(described: fallback)].compactMap { $0 } : offered
        return BodyModel(
            isRequired: fields.contains(where: \.isRequired), description: nil,
            media: types.map { MediaModel(type: $0, schema: .fields(fields)) })
    }
}
