extension RoutableTool.Argument {
    /// How deep into a schema is looked, and how many arguments are taken from it.
    private static let (mostDeep, most) = (4, 256)

    /// The arguments that an input schema describes, those of objects within it too.
    public static func list(ofSchema schema: JSONValue) -> [RoutableTool.Argument] {
        var found: [RoutableTool.Argument] = []
        add(schema, depth: 0, to: &found)
        return found
    }

    private static func add(_ schema: JSONValue, depth: Int, to found: inout [RoutableTool.Argument]) {
        guard depth < mostDeep, let properties = schema["properties"] else { return }
        var inner: [JSONValue] = []
        for (name, value) in properties.members where found.count < most {
            var argument = RoutableTool.Argument(name: name.string ?? "", description: value["description"]?.string ?? "")
            for choice in value["enum"]?.elements ?? .none where argument.values.count < most {
                if let text = choice.string ?? choice.numberText { argument.values.append(text) }
            }
            found.append(argument)
            inner.append(value)
            if let items = value["items"] { inner.append(items) }
        }
        // Those of the tool itself first.
        for schema in inner where found.count < most { add(schema, depth: depth + 1, to: &found) }
    }
}
