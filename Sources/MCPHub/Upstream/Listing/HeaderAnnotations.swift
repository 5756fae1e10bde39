import HubCore

/// Finds the arguments of a schema that are repeated in headers. One annotation that breaks a rule spoils the whole tool, because a server
/// compares headers that a client cannot have sent.
///
/// 1. It stands at an argument, or at a member of one, that is reached through `properties` alone.
/// 2. Its value is a token (RFC 9110 §5.6.2).
/// 3. What it stands at is a string, an integer or a boolean.
/// 4. No two are the same but for case.
enum HeaderAnnotations {
    static let keyword = "x-mcp-header"

    private static let lists: Set = ["allOf", "anyOf", "oneOf", "prefixItems"]
    private static let maps: Set = ["patternProperties", "dependentSchemas", "$defs", "definitions"]
    private static let schemas: Set = [
        "items", "contains", "unevaluatedItems", "additionalProperties", "propertyNames", "unevaluatedProperties", "not", "if", "then",
        "else", "contentSchema",
    ]
    private static let kinds: Set = ["string", "integer", "boolean"]
    private static let tokenMarks = Set("!#$%&'*+-.^_`|~".utf8)
    /// No header field is as long.
    private static let longestToken = 256

    /// The annotated arguments, in the order of their headers' names.
    ///
    /// - Throws: `ItemProblem` with the rule that is broken.
    static func read(_ schema: JSONValue) throws(ItemProblem) -> [MirroredArgument] {
        var found: [String: MirroredArgument] = [:]
        // Its own stack instead of recursion; what is no schema (`default`, `enum`, `const`) is not looked into, nothing is dereferenced.
        var open: [(value: JSONValue, path: [String]?)] = [(schema, [])]
        while let (value, path) = open.popLast() {
            guard value.kind == .object else { continue }
            if let annotation = value[keyword] {
                let argument = try self.argument(annotation, of: value, path: path)
                guard found.updateValue(argument, forKey: argument.header.lowercased()) == nil else {
                    throw ItemProblem("two arguments have the same \(keyword)")
                }
            }
            for (name, child) in value.members {
                guard let name = name.string else { continue }
                if name == "properties" {
                    for member in child.members { open.append((member.value, path.map { $0 + [member.name.string ?? ""] })) }
                } else if schemas.contains(name) {
                    open.append((child, nil))
                } else if lists.contains(name) {
                    for element in child.elements { open.append((element, nil)) }
                } else if maps.contains(name) {
                    for member in child.members { open.append((member.value, nil)) }
                }
            }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func argument(_ annotation: JSONValue, of schema: JSONValue, path: [String]?) throws(ItemProblem) -> MirroredArgument {
        guard let path, !path.isEmpty else { throw ItemProblem("\(keyword) stands where no argument is") }
        guard let token = annotation.string, isToken(token) else { throw ItemProblem("\(keyword) is no name of a header") }
        guard let kind = schema["type"]?.string, kinds.contains(kind) else {
            throw ItemProblem("\(keyword) stands at an argument that is no string, integer or boolean")
        }
        return MirroredArgument(header: token, path: path)
    }

    private static func isToken(_ text: String) -> Bool {
        (1...longestToken).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: tokenMarks.contains(byte)
                }
            }
    }
}
