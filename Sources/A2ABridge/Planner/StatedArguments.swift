import HubCore

/// Takes from somebody's words the arguments that they state, and nothing that they do not.
///
/// 1. What stands behind an argument's name (`name: value`, `name=value`, `name value`) is its value where it fits, and else nobody's.
/// 2. A listed value stands for the one argument that may have it, where the words have no other of its values.
/// 3. A date, a time, an e-mail address, an address of the web or a UUID stands for the one argument of that format.
/// 4. A number stands for the one argument that is a number; a name with digits in it, or a number, for the one text that is an id.
/// 5. A quotation stands for the one text that is left.
/// 6. What two arguments could have, or of what there are two, is nobody's.
/// Of 4 and 5, arguments that a call needs come before those it does not.
struct StatedArguments {
    private let text: StatedText
    private let schema: SkillSchema
    private var used: Set<Int> = []
    private(set) var arguments = JSONObject()

    /// The arguments that a text states.
    ///
    /// - Parameter asked: the arguments that the text answers a question for: where it is one, the whole text may be its value.
    static func arguments(in text: String, for schema: SkillSchema, asked: [String] = []) -> JSONObject {
        var reader = StatedArguments(text: StatedText(text), schema: schema)
        reader.readNamed()
        reader.readListed()
        reader.readFormats()
        reader.readNumbers()
        reader.readQuoted()
        reader.readAnswer(text, asked: asked)
        return reader.arguments
    }

    private init(text: StatedText, schema: SkillSchema) { (self.text, self.schema) = (text, schema) }

    private var open: [SkillSchema.Argument] { schema.arguments.filter { arguments[$0.name] == nil } }
    private var free: [(index: Int, piece: StatedText.Piece)] {
        text.pieces.enumerated().filter { !used.contains($0.offset) && $0.element.kind != .mark }.map { ($0.offset, $0.element) }
    }

    // MARK: 1. Named

    /// Names of arguments that stand in all sentences: what is behind them may be anything's.
    private static let prepositions: Set<String> = ["a", "as", "at", "by", "for", "from", "in", "of", "on", "to", "with"]
    private static let links: Set<String> = ["is", "are", "to", "of", "as", "equals", "为", "是", "等于"]
    private static let assignments: Set<String> = [":", "=", "：", "＝"]
    private static let listEnds: Set<String> = [";", "\n", "；", "。", "?", "!", "\r\n"]
    private static let commas: Set<String> = [",", "，", "、"]

    private mutating func readNamed() {
        // Longer names first: `customer_id` is not `customer`.
        for argument in schema.arguments.sorted(by: { $0.name.count > $1.name.count }) {
            for index in text.pieces.indices where !used.contains(index) {
                guard let end = nameEnd(StatedText.folded(argument.name), at: index), readValue(argument, name: index..<end) else {
                    continue
                }
                break
            }
        }
        for argument in open {
            guard let stem = Self.stem(argument.name) else { continue }
            for index in text.pieces.indices where !used.contains(index) {
                guard let end = nameEnd(stem, at: index), readValue(argument, name: index..<end) else { continue }
                break
            }
        }
    }

    /// What the thing is called whose id, number, code, key or name an argument is.
    private static func stem(_ name: String) -> String? {
        let folded = StatedText.folded(name)
        for ending in ["identifier", "number", "code", "name", "key", "id", "no"]
        where folded.hasSuffix(ending) && folded.count > ending.count + 1 {
            return String(folded.dropLast(ending.count))
        }
        return nil
    }

    /// Where a name ends that begins with a piece: it may be written as several words.
    private func nameEnd(_ name: String, at index: Int) -> Int? {
        var written = ""
        for end in index..<min(index + 5, text.pieces.count) {
            guard text.pieces[end].kind == .word, !used.contains(end) else { return nil }
            written += text.pieces[end].folded
            if written == name { return end + 1 }
            guard name.hasPrefix(written) else { return nil }
        }
        return nil
    }

    private mutating func readValue(_ argument: SkillSchema.Argument, name: Range<Int>) -> Bool {
        var start = name.upperBound
        var isAssigned = false
        var isColon = false
        if start < text.pieces.count, Self.assignments.contains(text.pieces[start].text), text.pieces[start].kind == .mark {
            isAssigned = true
            isColon = text.pieces[start].text == ":" || text.pieces[start].text == "："
            start += 1
        } else if start < text.pieces.count, Self.links.contains(text.pieces[start].text.lowercased()) {
            start += 1
        }
        guard start < text.pieces.count, !used.contains(start), text.pieces[start].kind != .mark else { return false }
        if argument.type == "array" { return readList(argument, name: name, from: start, isAssigned: isAssigned) }
        let piece = text.pieces[start]
        var end = start + 1
        if argument.type == "string", argument.values.isEmpty, isColon, piece.kind == .word { end = phraseEnd(from: start) }
        let value = text.text(start..<end)
        // A word behind a name is its value only where it does not look like any other word.
        let isNamed = isAssigned || piece.kind == .quoted || StatedValue.isIdentifier(value) || argument.type == "boolean"
        guard let value = StatedValue.value(value, for: argument, isNamed: isNamed) else {
            if isNamed, name.count > 1 || !Self.prepositions.contains(text.pieces[name.lowerBound].folded) { used.insert(start) }
            return false
        }
        arguments[argument.name] = value
        used.formUnion(name.lowerBound..<end)
        return true
    }

    private mutating func readList(_ argument: SkillSchema.Argument, name: Range<Int>, from start: Int, isAssigned: Bool) -> Bool {
        var (elements, index) = ([JSONTree](), start)
        while index < text.pieces.count, elements.count < 256 {
            let piece = text.pieces[index]
            if piece.kind == .mark, Self.commas.contains(piece.text) || piece.text == "[" || piece.text == "]" {
                index += 1
                continue
            }
            if !elements.isEmpty, piece.folded == "and" {
                index += 1
                continue
            }
            guard piece.kind != .mark, !beginsName(at: index),
                let value = StatedValue.value(
                    piece.text, for: argument.element, isNamed: isAssigned || piece.kind == .quoted || StatedValue.isIdentifier(piece.text))
            else { break }
            elements.append(value)
            index += 1
        }
        guard !elements.isEmpty else { return false }
        arguments[argument.name] = .array(elements)
        used.formUnion(name.lowerBound..<index)
        return true
    }

    /// Where free text behind a colon ends: at a mark that ends it, or before the next name.
    private func phraseEnd(from start: Int) -> Int {
        var end = start + 1
        while end < text.pieces.count {
            let piece = text.pieces[end]
            if piece.kind == .mark, Self.listEnds.contains(piece.text) || Self.commas.contains(piece.text) { break }
            if beginsName(at: end) { break }
            end += 1
        }
        while end > start + 1, text.pieces[end - 1].kind == .mark { end -= 1 }
        return end
    }

    /// Whether a piece is a name with a value to come.
    private func beginsName(at index: Int) -> Bool {
        guard text.pieces[index].kind == .word else { return false }
        let next = index + 1
        return next < text.pieces.count && text.pieces[next].kind == .mark && Self.assignments.contains(text.pieces[next].text)
    }

    // MARK: 2 to 5. Not named

    private mutating func readListed() {
        let candidates = open.filter { !$0.values.isEmpty || ($0.type == "array" && !$0.element.values.isEmpty) }
        var found: [(argument: SkillSchema.Argument, index: Int, value: JSONTree)] = []
        for argument in candidates {
            let values = argument.type == "array" ? argument.element.values : argument.values
            // Numbers and flags among the values are not taken from anywhere.
            let texts = values.filter { $0.string != nil }
            for (index, piece) in free {
                if let value = StatedValue.choice(piece.text, among: texts) { found.append((argument, index, value)) }
            }
        }
        for argument in candidates {
            let own = found.filter { $0.argument.name == argument.name }
            let isShared = own.contains { mine in found.contains { $0.index == mine.index && $0.argument.name != argument.name } }
            let values = own.map(\.value).reduce(into: [JSONTree]()) { if !$0.contains($1) { $0.append($1) } }
            guard !isShared, let first = values.first else { continue }
            if argument.type == "array" {
                arguments[argument.name] = .array(values)
            } else if values.count == 1 {
                arguments[argument.name] = first
            } else {
                continue
            }
            used.formUnion(own.map(\.index))
        }
    }

    private mutating func readFormats() {
        for formats in [["date-time"], ["date"], ["email", "idn-email"], ["uri", "url", "iri", "uri-reference"], ["uuid"]] {
            let candidates = open.filter { $0.type == "string" && $0.values.isEmpty && formats.contains($0.format ?? "") }
            take(candidates) { StatedValue.isFormat(formats.first, $0.text) == true }
        }
    }

    private mutating func readNumbers() {
        take(open.filter { ($0.type == "integer" || $0.type == "number") && $0.values.isEmpty }) { piece in
            piece.kind == .word && StatedValue.number(piece.text) != nil
        }
        take(open.filter { $0.type == "string" && $0.values.isEmpty && $0.format == nil && Self.isID($0.name) }) { piece in
            piece.kind == .word && StatedValue.isIdentifier(piece.text)
        }
    }

    private static func isID(_ name: String) -> Bool {
        stem(name) != nil || ["id", "number", "code", "key"].contains(StatedText.folded(name))
    }

    private mutating func readQuoted() {
        take(open.filter { $0.type == "string" && $0.values.isEmpty && StatedValue.isFormat($0.format, "") == nil }) { $0.kind == .quoted }
    }

    /// Gives the one piece that fits to the one argument that could have it.
    private mutating func take(_ candidates: [SkillSchema.Argument], where fits: (StatedText.Piece) -> Bool) {
        let required = candidates.filter(\.isRequired)
        let pool = required.isEmpty ? candidates : required
        let pieces = free.filter { fits($0.piece) }
        guard let argument = pool.first, pool.count == 1, let (index, piece) = pieces.first, pieces.count == 1,
            let value = StatedValue.value(piece.text, for: argument, isNamed: true)
        else { return }
        arguments[argument.name] = value
        used.insert(index)
    }

    // MARK: Answers

    /// The whole text is the answer to a question for one thing, where it is not more than that.
    private mutating func readAnswer(_ text: String, asked: [String]) {
        let wanted = asked.filter { arguments[$0] == nil }
        guard wanted.count == 1, let name = wanted.first, let argument = schema[name], arguments.isEmpty else { return }
        let whole = text.drop { $0.isWhitespace }
        let answer = String(whole.prefix(whole.count - whole.reversed().prefix { $0.isWhitespace }.count))
        let unquoted = self.text.pieces.count == 1 ? self.text.pieces[0].text : answer
        if argument.type == "array" {
            _ = readList(argument, name: 0..<0, from: 0, isAssigned: true)
        } else if let value = StatedValue.value(unquoted, for: argument, isNamed: true) {
            arguments[name] = value
        }
    }
}
