import HubCore
import NIOCore

/// A description of as many operations as wanted: half of them read, half write; schemas are shared by reference as in real ones.
enum ThingsDescription {
    /// OpenAPI 3.1 in JSON.
    static func json(operations: Int) -> String {
        let paths = (0..<(operations / 2)).map { "  \"/areas/\($0)/things/{id}\": \(path($0))" }.joined(separator: ",\n")
        return """
            {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "servers": [{"url": "http://127.0.0.1/api"}],
            "paths": {
            \(paths)
            }, "components": \(components)}
            """
    }

    /// The same in YAML, block style with quoted strings.
    static func yaml(operations: Int) throws -> String {
        var text = ""
        write(try JSONDocument(parsing: json(operations: operations), limits: .description).root, indent: "", to: &text)
        return text
    }

    private static func write(_ value: JSONValue, indent: String, to text: inout String) {
        switch value.kind {
        case .object where value.count > 0:
            text += "\n"
            for (name, member) in value.members {
                text += "\(indent)\"\(name.string ?? "")\":"
                write(member, indent: indent + "  ", to: &text)
            }
        case .array where value.count > 0:
            text += "\n"
            for element in value.elements {
                text += "\(indent)-"
                write(element, indent: indent + "  ", to: &text)
            }
        case .object, .array, .string, .number, .true, .false, .null:
            text += " \(String(buffer: value.rawBytes))\n"
        }
    }

    private static func path(_ number: Int) -> String {
        #"""
        {"parameters": [{"$ref": "#/components/parameters/ID"}],
            "get": {"operationId": "getThing\#(number)", "summary": "Get a thing of area \#(number)",
              "description": "One thing with its parts, as the service of area \#(number) keeps it. Unknown numbers are an error.",
              "parameters": [
                {"name": "expand", "in": "query", "explode": false, "description": "What to include",
                  "schema": {"type": "array", "items": {"type": "string", "enum": ["owner", "parts", "history"]}}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}},
                {"name": "tenant", "in": "header", "schema": {"type": "string"}}],
              "responses": {"200": \#(answer)}},
            "put": {"operationId": "putThing\#(number)", "summary": "Replace a thing of area \#(number)",
              "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
              "responses": {"200": \#(answer)}}}
        """#
    }

    private static let answer = ##"""
        {"description": "The thing", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
        """##

    private static let components = #"""
        {"parameters": {"ID": {"name": "id", "in": "path", "required": true, "description": "The number", "schema": {"type": "string"}}},
          "schemas": {
            "Thing": {"type": "object", "required": ["name"], "properties": {
              "name": {"type": "string", "description": "What people call it", "maxLength": 80},
              "price": {"type": "number", "minimum": 0}, "active": {"type": "boolean"},
              "items": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}}}},
            "Part": {"type": "object", "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer"},
              "price": {"type": "number"}, "note": {"type": "string"}}}}}
        """#
}
