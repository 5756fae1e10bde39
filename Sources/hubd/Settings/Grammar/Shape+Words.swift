import HubCore

extension Shape {
    /// Whether a value is of the kind that this shape is about; the check itself comes after.
    func fits(_ value: ConfigValue) -> Bool {
        switch self {
        case .anything: true
        case .object(let object):
            if let name = object.soleMember { value.json.count == 1 && value[name]?.string != nil } else { value.json.kind == .object }
        case .map, .environment: value.json.kind == .object
        case .list: value.json.kind == .array
        case .text, .choice, .secret, .reference: value.json.kind == .string
        case .integer, .number: value.json.kind == .number
        case .boolean: value.json.bool != nil
        case .oneOf(let shapes): shapes.contains { $0.fits(value) }
        }
    }

    /// What must stand here, as part of a message.
    var noun: String {
        switch self {
        case .object(let object):
            object.fields.count <= 6 ? "a mapping with \(object.fields.map(\.name).joined(separator: ", "))" : "a mapping"
        case .map, .environment: "a mapping of names"
        case .list: "a list"
        case .text(let kind): kind.noun
        case .choice(let choices): ConfigFinding.listed(choices.map(\.name))
        case .integer(let range):
            range.upperBound == .max
                ? "a whole number from \(range.lowerBound)" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number: "a number"
        case .boolean: "true or false"
        case .secret: "a reference to a secret"
        case .reference(let kind): "the name of a \(kind.rawValue)"
        case .oneOf(let shapes): ConfigFinding.listed(shapes.map(\.noun))
        case .anything: "any value"
        }
    }

    /// How to mend a value of the wrong type; nil where the message says enough.
    func advice(for value: ConfigValue) -> String? {
        switch (self, value.json.kind) {
        case (_, .null): "write a value, or leave the key out"
        case (.text(.plain), .number), (.text(.plain), .true), (.text(.plain), .false): "put it in quotes"
        case (.list, .string), (.list, .number): "write it in brackets: [ … ]"
        case (.boolean, .string): "YAML 1.2 knows only true and false, without quotes"
        case _: nil
        }
    }
}

extension TextKind {
    /// Whether a message may repeat a text that is not of this kind: not where a URL, a path or free text could hold a secret.
    var mayBeShown: Bool {
        switch self {
        case .duration, .byteSize, .percent, .rate, .hostPort, .host, .serverName, .addressRange, .toolName, .policyTarget, .request,
            .headerName, .callerName:
            true
        case .plain, .url, .urlWithQuery, .originOrRange, .urlOrPath, .path, .pattern, .sha256, .jsonPointer, .plainOrReference: false
        }
    }

    /// How to mend a text that is not of this kind; nil where the message says enough. Never repeats the text.
    func advice(for text: String) -> String? {
        switch self {
        case .hostPort where text.hasPrefix(":"): "name the address too: 127.0.0.1 for this machine, 0.0.0.0 for every network"
        case .hostPort where !text.contains(":"): "add the port"
        case .url where !DescriptionLocation.isURL(text), .urlWithQuery where !DescriptionLocation.isURL(text):
            "begin with http:// or https://"
        case .url where text.contains("@"), .urlWithQuery where text.contains("@"): "user name and password go into \"credential\""
        case .addressRange where text.contains("/"): "set no bits beyond the prefix: 10.1.0.0/16, not 10.1.2.3/16"
        case .byteSize where text.lowercased().hasSuffix("b") && !text.contains("i"): "units are KiB, MiB and GiB"
        case .urlOrPath where text.hasPrefix("file:"), .path where text.hasPrefix("file:"): "write the path alone"
        case _: nil
        }
    }
}
