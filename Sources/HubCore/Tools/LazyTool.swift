import NIOCore

extension ToolDefinition {
    /// The longest description of a lazy tool, in Unicode scalars.
    private static let maximumLazyDescription = 80

    /// The tool as a list of very many shows it: its name and the first words of its description, and a schema that says nothing of the
    /// arguments. What a call takes is the same.
    public var lazy: ToolDefinition {
        var lazy = self
        lazy.title = nil
        lazy.description = Self.firstSentence(of: title ?? description)
        lazy.inputSchema = ByteBuffer(string: #"{"type":"object"}"#)
        lazy.outputSchema = nil
        return lazy
    }

    /// The first sentence, cut after a word where it is too long.
    private static func firstSentence(of text: String) -> String {
        let line = Array(text.unicodeScalars.prefix { $0 != "\n" }.prefix(maximumLazyDescription + 1))
        for end in line.indices.dropFirst(3) where line[end] == " " && line[end - 1] == "." && line[end - 3] != "." {
            return string(line[..<end])  // "e.g. this" goes on
        }
        guard line.count > maximumLazyDescription else { return string(line[...]) }
        let room = line.dropLast(2)
        return string(room[..<(room.lastIndex(of: " ") ?? room.endIndex)]) + "…"
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
