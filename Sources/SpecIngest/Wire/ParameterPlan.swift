import HubCore

/// How a value becomes text: the styles of OpenAPI 3.1.1 §4.8.12.3, one of 3.2 and one of Swagger 2.0.
enum ParameterStyle: String, Sendable, Hashable, CaseIterable {
    case simple, label, matrix, form, spaceDelimited, pipeDelimited, deepObject, cookie
    /// `collectionFormat: tsv` of Swagger 2.0.
    case tabDelimited
}

/// A parameter, ready to be written for every call.
struct ParameterPlan: Sendable {
    /// The number of the argument.
    var slot: Int
    /// The name on the wire.
    var name: String
    var style: ParameterStyle
    var explode: Bool
    /// Reserved characters stand for themselves (RFC 6570 §3.2.3).
    var allowReserved = false
    /// The value is sent as JSON text: a parameter with `content`.
    var isJSON = false
    /// An object is sent as JSON text, though a list is not: a field of a form without an `encoding` of its own.
    var objectsAreJSON = false
    /// The value alone is the query, without the parameter's name: `in: querystring` of OpenAPI 3.2, in JSON or as text.
    var isWholeQuery = false

    /// The shape in which `value` is written.
    func shape(of value: JSONValue) -> ParameterShape {
        ParameterShape(value, asJSON: isJSON || (objectsAreJSON && value.kind == .object))
    }
}

/// A value in the three shapes that the style table knows.
enum ParameterShape {
    case scalar(String)
    case list([String])
    case pairs([(name: String, value: String)])

    /// The shape of `value`; below the first level there is no table, and what stands there becomes JSON text.
    init(_ value: JSONValue, asJSON: Bool) {
        switch value.kind {
        case .array where !asJSON:
            self = .list(value.elements.map { Self.text($0) })
        case .object where !asJSON:
            self = .pairs(value.members.map { ($0.name.string ?? "", Self.text($0.value)) })
        case .null, .true, .false, .number, .string, .array, .object:
            self = .scalar(asJSON ? JSONCompactor.text(value) : Self.text(value))
        }
    }

    /// A scalar as text, numbers as the caller wrote them.
    static func text(_ value: JSONValue) -> String {
        switch value.kind {
        case .string: value.string ?? ""
        case .null: ""
        case .true, .false, .number, .array, .object: JSONCompactor.text(value)
        }
    }
}

/// Writes parameters by the style table.
enum ParameterWriter {
    /// Appends a query or form parameter: nothing for an empty list, otherwise pairs with `&` between them.
    static func appendQuery(_ plan: ParameterPlan, _ value: JSONValue, to bytes: inout [UInt8]) {
        if plan.style == .deepObject, !plan.isJSON, value.kind == .object || value.kind == .array {
            appendDeep(PercentEncoding.bytes(of: plan.name), value, plan, to: &bytes, depth: 0)
            return
        }
        let kept: PercentEncoding.Kept = plan.allowReserved ? .query : .unreserved
        if plan.isWholeQuery, case .scalar(let text) = plan.shape(of: value) {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
            bytes.append(contentsOf: PercentEncoding.bytes(of: text, keeping: kept))
            return
        }
        let delimiter: [UInt8]
        switch plan.style {
        case .spaceDelimited: delimiter = Array("%20".utf8)
        case .pipeDelimited: delimiter = Array("%7C".utf8)
        case .tabDelimited: delimiter = Array("%09".utf8)
        case .simple, .label, .matrix, .form, .deepObject, .cookie: delimiter = [UInt8(ascii: ",")]
        }
        switch plan.shape(of: value) {
        case .scalar(let text):
            appendPair(plan.name, text, kept, to: &bytes)
        case .list(let items) where plan.explode:
            for item in items { appendPair(plan.name, item, kept, to: &bytes) }
        case .pairs(let pairs) where plan.explode:
            for (name, value) in pairs { appendPair(name, value, kept, to: &bytes) }
        case .list(let items):
            appendJoined(plan.name, items, delimiter, kept, to: &bytes)
        case .pairs(let pairs):
            appendJoined(plan.name, pairs.flatMap { [$0.name, $0.value] }, delimiter, kept, to: &bytes)
        }
    }

    /// A path parameter: `simple`, `label` or `matrix`.
    static func appendPath(_ plan: ParameterPlan, _ value: JSONValue, to bytes: inout [UInt8]) {
        let kept: PercentEncoding.Kept = plan.allowReserved ? .path : .unreserved
        let encode = { (text: String) in PercentEncoding.bytes(of: text, keeping: kept) }
        let shape = plan.shape(of: value)
        switch plan.style {
        case .label:
            let separator = plan.explode ? UInt8(ascii: ".") : UInt8(ascii: ",")
            bytes.append(UInt8(ascii: "."))
            append(shape, pairSeparator: plan.explode ? UInt8(ascii: "=") : separator, separator: separator, to: &bytes, encode)
        case .matrix:
            appendMatrix(plan, shape, to: &bytes, encode)
        case .simple, .form, .spaceDelimited, .pipeDelimited, .deepObject, .cookie, .tabDelimited:
            let comma = UInt8(ascii: ",")
            append(shape, pairSeparator: plan.explode ? UInt8(ascii: "=") : comma, separator: comma, to: &bytes, encode)
        }
    }

    /// A header's value, `simple`. Nothing is percent-encoded: a header is no part of a URL (OpenAPI 3.1.1 §4.8.12.4).
    static func header(_ plan: ParameterPlan, _ value: JSONValue) -> String {
        switch plan.shape(of: value) {
        case .scalar(let text): text
        case .list(let items): items.joined(separator: ",")
        case .pairs(let pairs): pairs.map { $0.name + (plan.explode ? "=" : ",") + $0.value }.joined(separator: ",")
        }
    }

    /// A cookie, `form` with percent-encoding or `cookie` without.
    static func cookie(_ plan: ParameterPlan, _ value: JSONValue) -> String {
        guard plan.style == .cookie else {
            var bytes: [UInt8] = []
            appendQuery(plan, value, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        switch plan.shape(of: value) {
        case .scalar(let text): return plan.name + "=" + text
        case .list(let items) where plan.explode: return items.map { plan.name + "=" + $0 }.joined(separator: "; ")
        case .list(let items): return plan.name + "=" + items.joined(separator: ",")
        case .pairs(let pairs) where plan.explode: return pairs.map { $0.name + "=" + $0.value }.joined(separator: "; ")
        case .pairs(let pairs): return plan.name + "=" + pairs.map { $0.name + "," + $0.value }.joined(separator: ",")
        }
    }

    private static func appendPair(_ name: String, _ value: String, _ kept: PercentEncoding.Kept, to bytes: inout [UInt8]) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
        PercentEncoding.append(name, to: &bytes)
        bytes.append(UInt8(ascii: "="))
        PercentEncoding.append(value, keeping: kept, to: &bytes)
    }

    private static func appendJoined(
        _ name: String, _ values: [String], _ delimiter: [UInt8], _ kept: PercentEncoding.Kept, to bytes: inout [UInt8]
    ) {
        guard let first = values.first else { return }
        appendPair(name, first, kept, to: &bytes)
        for value in values.dropFirst() {
            bytes.append(contentsOf: delimiter)
            PercentEncoding.append(value, keeping: kept, to: &bytes)
        }
    }

    // Nested objects are not defined (OpenAPI 3.1.1 §4.8.12.4); brackets all the way down are what servers read, `[]` for lists.
    private static func appendDeep(_ name: [UInt8], _ value: JSONValue, _ plan: ParameterPlan, to bytes: inout [UInt8], depth: Int) {
        switch value.kind {
        case .object where depth < 16:
            for (key, value) in value.members {
                appendDeep(name + bracketed(PercentEncoding.bytes(of: key.string ?? "")), value, plan, to: &bytes, depth: depth + 1)
            }
        case .array where depth < 16:
            for (position, value) in value.elements.enumerated() {
                let isNested = value.kind == .object || value.kind == .array
                appendDeep(name + bracketed(isNested ? Array(String(position).utf8) : []), value, plan, to: &bytes, depth: depth + 1)
            }
        case .null, .true, .false, .number, .string, .array, .object:
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
            bytes.append(contentsOf: name)
            bytes.append(UInt8(ascii: "="))
            PercentEncoding.append(ParameterShape.text(value), keeping: plan.allowReserved ? .query : .unreserved, to: &bytes)
        }
    }

    private static func bracketed(_ name: [UInt8]) -> [UInt8] {
        Array("%5B".utf8) + name + Array("%5D".utf8)
    }

    private static func append(
        _ shape: ParameterShape, pairSeparator: UInt8, separator: UInt8, to bytes: inout [UInt8], _ encode: (String) -> [UInt8]
    ) {
        switch shape {
        case .scalar(let text):
            bytes.append(contentsOf: encode(text))
        case .list(let items):
            bytes.append(contentsOf: items.map(encode).joined(separator: [separator]))
        case .pairs(let pairs):
            bytes.append(contentsOf: pairs.map { encode($0.name) + [pairSeparator] + encode($0.value) }.joined(separator: [separator]))
        }
    }

    private static func appendMatrix(_ plan: ParameterPlan, _ shape: ParameterShape, to bytes: inout [UInt8], _ encode: (String) -> [UInt8])
    {
        let appendPair = { (name: String, value: [UInt8], bytes: inout [UInt8]) in
            bytes.append(UInt8(ascii: ";"))
            PercentEncoding.append(name, to: &bytes)
            // RFC 6570 §3.2.7: an empty value stands without "=".
            guard !value.isEmpty else { return }
            bytes.append(UInt8(ascii: "="))
            bytes.append(contentsOf: value)
        }
        switch shape {
        case .list(let items) where plan.explode:
            for item in items { appendPair(plan.name, encode(item), &bytes) }
        case .pairs(let pairs) where plan.explode:
            for (name, value) in pairs { appendPair(name, encode(value), &bytes) }
        case .scalar, .list, .pairs:
            var joined: [UInt8] = []
            append(shape, pairSeparator: UInt8(ascii: ","), separator: UInt8(ascii: ","), to: &joined, encode)
            appendPair(plan.name, joined, &bytes)
        }
    }
}
