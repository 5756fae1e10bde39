import HubCore

/// Reads operations of OpenAPI 3.0, 3.1 and, as far as it looks like 3.1, 3.2.
struct OpenAPI3Lift: OperationLift {
    private let reading: DescriptionReading
    private let reader: ServerReader
    let documentServers: (all: [ServerDescription], usable: ServerReference)?

    init(_ reading: DescriptionReading) {
        self.reading = reading
        self.reader = ServerReader(reading)
        self.documentServers = reader.servers(of: reading.root["servers"])
    }

    func sharedParts(of item: JSONValue) -> SharedParts {
        SharedParts(parameters: ParameterList(reading).elements(of: item["parameters"]), servers: reader.servers(of: item["servers"]))
    }

    func operation(method: String, path: String, node: JSONValue, shared: SharedParts) -> OperationModel {
        var operation = OperationModel(method: method, path: path, node: node, reading)
        for (node, name, place) in ParameterList.merged(reading, shared: shared.parameters, own: node["parameters"]) {
            if let parameter = parameter(node, name, place) { operation.parameters.append(parameter) }
        }
        operation.body = body(node["requestBody"])
        let own = reader.servers(of: node["servers"]) ?? shared.servers
        operation.server = (own ?? documentServers)?.usable ?? .none
        operation.servers = own?.all
        (operation.responseTypes, operation.sequenceTypes) = responseTypes(node["responses"])
        operation.answer = answer(node["responses"])
        return operation
    }

    // MARK: Parameters

    private func parameter(_ node: JSONValue, _ name: String, _ placeName: String) -> ParameterModel? {
        let isWholeQuery = placeName == "querystring" && reading.dialect == .openAPI32
        guard let place = isWholeQuery ? .query : ArgumentBinding.Place(rawValue: placeName), place != .body else {
            reading.log.add(
                .dropped, "parameter \(FindingLog.quoted(name)) is in \(FindingLog.quoted(placeName)): not in this version", at: node)
            return nil
        }
        let style = style(node, place, name)
        var parameter = ParameterModel(
            name: name, place: place, node: node, description: reading.text(node, "description"),
            isRequired: place == .path || node["required"]?.bool == true, isDeprecated: node["deprecated"]?.bool ?? false,
            schema: node["schema"].map { .node($0) } ?? .none, style: style,
            explode: node["explode"]?.bool ?? (style == .form || style == .cookie || style == .deepObject),
            allowReserved: node["allowReserved"]?.bool ?? false)
        if let content = node["content"], content.kind == .object, let (type, media) = firstMedia(content) {
            parameter.schema = media["schema"].map { .node($0) } ?? .none
            parameter.isJSON = type.bodyClass == .json || type.bodyClass == .jsonSuffix
        }
        // OpenAPI 3.2 §4.12.2: a form's fields are the query's pairs, as `form` with `explode` writes them.
        parameter.isWholeQuery = isWholeQuery
        return parameter
    }

    private func style(_ node: JSONValue, _ place: ArgumentBinding.Place, _ name: String) -> ParameterStyle {
        let standard: ParameterStyle = place == .query || place == .cookie ? .form : .simple
        guard let written = node["style"] else { return standard }
        let possible: [ParameterStyle]
        switch place {
        case .path: possible = [.simple, .label, .matrix]
        case .query: possible = [.form, .spaceDelimited, .pipeDelimited, .deepObject]
        case .header: possible = [.simple]
        case .cookie: possible = [.form, .cookie]
        case .body: possible = []
        }
        guard let style = written.string.flatMap({ ParameterStyle(rawValue: $0) }), possible.contains(style) else {
            reading.log.add(
                .repaired,
                "parameter \(FindingLog.quoted(name)): style \(FindingLog.quoted(written.string ?? "")) does not exist for \(place.rawValue) "
                    + "parameters; \(standard.rawValue) is used", at: written)
            return standard
        }
        return style
    }

    private func firstMedia(_ content: JSONValue) -> (MediaType, JSONValue)? {
        for (name, media) in content.members {
            guard let type = name.string.flatMap({ MediaType(described: $0) }), let media = reading.object(media, "the media type") else {
                continue
            }
            return (type, media)
        }
        return nil
    }

    // MARK: Bodies

    private func body(_ written: JSONValue?) -> BodyModel? {
        guard let node = reading.object(written, "`requestBody`") else { return nil }
        var body = BodyModel(isRequired: node["required"]?.bool, description: reading.text(node, "description"), media: [])
        guard let content = node["content"], content.kind == .object else {
            reading.log.add(.dropped, "the body has no `content`; it is left out", at: node)
            return nil
        }
        for (name, written) in content.members {
            guard body.media.count < MediaModel.maximum else {
                reading.log.add(.dropped, "the body has more than \(MediaModel.maximum) media types", at: name)
                break
            }
            guard let text = name.string, !text.hasPrefix("x-") else { continue }
            guard let type = MediaType(described: text) else {
                reading.log.add(.dropped, "\(FindingLog.quoted(text)) is no media type", at: name)
                continue
            }
            guard let media = written.isNull ? written : reading.object(written, "the media type") else { continue }
            var model = MediaModel(type: type, schema: .schema(media["schema"].map { .node($0) } ?? .none))
            if reading.dialect == .openAPI32 { model.itemSchema = media["itemSchema"] }
            for (property, encoding) in media["encoding"].memberList where encoding.kind == .object {
                model.encoding[property.string ?? ""] = self.encoding(encoding, isMultipart: type.bodyClass == .multipart)
            }
            body.media.append(model)
        }
        return body.media.isEmpty ? nil : body
    }

    private func encoding(_ node: JSONValue, isMultipart: Bool) -> EncodingModel {
        EncodingModel(
            contentType: node["contentType"]?.string, style: node["style"]?.string.flatMap { ParameterStyle(rawValue: $0) },
            explode: node["explode"]?.bool, allowReserved: node["allowReserved"]?.bool ?? false,
            headers: isMultipart ? partHeaders(node["headers"]) : [])
    }

    /// The headers of a part; `Content-Type` is described elsewhere, and its disposition is the hub's to write.
    private func partHeaders(_ nodes: JSONValue?) -> [PartHeaderModel] {
        nodes.memberList.compactMap { name, written in
            guard let text = name.string, !text.hasPrefix("x-") || written.kind == .object,
                let node = reading.object(written, "the header"),
                !["content-type", "content-disposition", "content-length"].contains(text.lowercased())
            else { return nil }
            guard HeaderRule.fieldName(text) != nil else {
                reading.log.add(.dropped, "\(FindingLog.quoted(text)) cannot be a header of a part", at: name)
                return nil
            }
            return PartHeaderModel(
                name: text, node: node, description: reading.text(node, "description"), isRequired: node["required"]?.bool ?? false,
                schema: node["schema"].map { .node($0) } ?? .none, explode: node["explode"]?.bool ?? false)
        }
    }

    // MARK: Answers

    /// The media types of the answers that mean success, or of the default one where none is written; and those of them that are
    /// sequences (OpenAPI 3.2, `itemSchema`).
    private func responseTypes(_ responses: JSONValue?) -> (all: [String], sequences: [String]) {
        guard let responses, responses.kind == .object else { return ([], []) }
        var types: [String] = []
        var known: Set<String> = []
        var fallback: [String] = []
        var sequences: Set<String> = []
        for (status, written) in responses.members {
            guard let status = status.string, status.hasPrefix("2") || status == "default",
                let node = reading.object(written, "the response")
            else { continue }
            for (name, media) in node["content"]?.members ?? JSONValue.Members.none {
                guard types.count + fallback.count < MediaModel.maximum else { break }
                guard let type = name.string, MediaType(described: type) != nil else { continue }
                if reading.dialect == .openAPI32, media["itemSchema"] != nil { sequences.insert(type) }
                if status == "default" { fallback.append(type) } else if known.insert(type).inserted { types.append(type) }
            }
        }
        let all = types.isEmpty ? fallback : types
        return (all, all.filter { sequences.contains($0) })
    }

    /// The schema of the first answer in JSON that means success, or of the default one.
    private func answer(_ responses: JSONValue?) -> JSONValue? {
        var fallback: JSONValue?
        for (status, written) in responses.memberList {
            guard let status = status.string, status.hasPrefix("2") || status == "default",
                let content = reading.object(written, "the response")?["content"]
            else { continue }
            let json = content.members.prefix(MediaModel.maximum).first { name, _ in
                let kind = name.string.flatMap { MediaType(described: $0) }?.bodyClass
                return kind == .json || kind == .jsonSuffix || kind == .range
            }
            guard let schema = json?.value["schema"] else { continue }
            if status != "default" { return schema }
            fallback = fallback ?? schema
        }
        return fallback
    }
}
