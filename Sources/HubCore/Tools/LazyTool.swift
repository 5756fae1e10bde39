import NIOCore

extension ToolDefinition {
    /// The longest description of a lazy tool, in Unicode scalars.
    private static let maximumLazyDescription = 80
    /// The longest description of a brief tool, in Unicode scalars.
    private static let maximumBriefDescription = 200

    /// The tool as a list of very many shows it: its name and the first words of its description, and a schema that says nothing of the
    /// arguments. What a call takes is the same.
    public var lazy: ToolDefinition {
        var lazy = self
        lazy.title = nil
        lazy.description = Self.firstSentence(of: title ?? description)
        lazy.inputSchema = ByteBuffer(string: #"{"type":"object"}"#)
        lazy.outputSchema = nil
        lazy.annotations = tellingAnnotations
        return lazy
    }

    /// The tool with its arguments, in a few words less.
    public var brief: ToolDefinition {
        var brief = self
        brief.title = nil
        brief.description = description.cut(toScalars: Self.maximumBriefDescription)
        brief.annotations = tellingAnnotations
        return brief
    }

    /// Cuts the description after a word where it has more Unicode scalars than that.
    public mutating func cutDescription(toScalars limit: Int) { description = description.cut(toScalars: limit) }

    /// The hints that are not what MCP takes for granted.
    private var tellingAnnotations: ToolAnnotations {
        ToolAnnotations(
            readOnly: annotations.readOnly == true ? true : nil,
            destructive: annotations.readOnly != true && annotations.destructive == false ? false : nil)
    }

    /// The first sentence, cut after a word where it is too long.
    private static func firstSentence(of text: String) -> String {
        let line = String(text.prefix { $0 != "\n" })
        let start = Array(line.unicodeScalars.prefix(maximumLazyDescription + 1))
        for end in start.indices.dropFirst(3) where start[end] == " " && start[end - 1] == "." && start[end - 3] != "." {
            return String(String.UnicodeScalarView(start[..<end]))  // "e.g. this" goes on
        }
        return line.cut(toScalars: maximumLazyDescription)
    }
}

extension String {
    /// The text, cut after a word where it has more Unicode scalars than that.
    func cut(toScalars limit: Int) -> String {
        let scalars = unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex), end < scalars.endIndex else {
            return self
        }
        let room = scalars[..<end].dropLast()
        return String(room[..<(room.lastIndex(of: " ") ?? room.endIndex)]) + "…"
    }
}
