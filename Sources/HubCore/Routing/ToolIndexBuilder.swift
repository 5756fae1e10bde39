/// Makes a `ToolIndex`, one tool after another.
struct ToolIndexBuilder {
    private var index: ToolIndex
    private var scanner = WordScanner()
    /// Words as they are written, and the numbers of their stems: most words are seen many times.
    private var written = TermTable()
    private var termOfWritten: [Int32] = []

    // The words of all tools in turn.
    private var termColumn: [UInt32] = []
    private var weightColumn: [UInt16] = []
    private var toolStarts: [UInt32] = [0]

    // Of the tool that is being added, by the number of the term.
    private var toolWeights: [Float] = []
    private var toolTerms: [Int] = []
    private var fieldCounts: [UInt16] = []
    private var fieldTerms: [Int] = []
    private var fieldLength = 0
    private var servers = TermTable()

    /// How much of a tool may still be read.
    private var budget = 0

    /// How much of a text is read, and of all texts of a tool together.
    static let longestText = 16 << 10
    static let mostBytes = 64 << 10
    /// How many different words a tool is found by.
    static let mostTerms = 2_000
    /// How many words of a name a request may have.
    static let mostNameTerms = 32

    init(synonyms: SynonymTable, ranking: RankingWeights) {
        index = ToolIndex(synonyms: synonyms, ranking: ranking)
    }

    mutating func add(_ tool: RoutableTool) {
        let ranking = index.ranking
        let number = index.count
        budget = Self.mostBytes
        read(tool.name, keepsAll: true)
        addNameTerms()
        index.nameStarts.append(UInt32(index.nameTerms.count))
        index.names.add(tool.name, tool: number)
        endField(ranking.name)
        read(tool.title ?? "")
        endField(ranking.title)
        read(tool.description)
        endField(ranking.description)
        read(tool.server ?? "")
        endField(ranking.server)
        index.serverOfTool.append(tool.server.map { serverNumber($0) } ?? 0)
        read(tool.serverDescription ?? "")
        endField(ranking.serverDescription)
        for argument in tool.arguments { read(argument.name) }
        endField(ranking.argumentNames)
        for argument in tool.arguments { read(argument.description) }
        endField(ranking.argumentDescriptions)
        for argument in tool.arguments { for value in argument.values { read(value) } }
        endField(ranking.argumentValues)
        for tag in tool.tags { read(tag) }
        endField(ranking.tags)
        for example in tool.examples { read(example) }
        endField(ranking.examples)
        endTool()
    }

    /// Counted from 1.
    private mutating func serverNumber(_ server: String) -> UInt32 { UInt32((servers.add(Array(server.utf8)[...]) ?? -1) + 1) }

    /// The words of the name that was just read. That it has them in one is not asked of a request.
    private mutating func addNameTerms() {
        var terms: [Int] = []
        for word in scanner.words where word.kind.isWhole {
            if let term = term(of: word, keepsLeft: false), !terms.contains(term) { terms.append(term) }
        }
        index.nameTerms += (terms.isEmpty ? fieldTerms : terms).prefix(Self.mostNameTerms).map { UInt32($0) }
    }

    private mutating func read(_ text: String, keepsAll: Bool = false) {
        let limit = min(Self.longestText, budget)
        scanner.scan(text, limit: limit)
        budget -= min(limit, text.utf8.count)
        for word in scanner.words { count(word, keepsLeft: false) }
        if keepsAll, fieldTerms.isEmpty { for word in scanner.words { count(word, keepsLeft: true) } }
    }

    private mutating func count(_ word: WordScanner.Word, keepsLeft: Bool) {
        guard let term = term(of: word, keepsLeft: keepsLeft) else { return }
        if fieldCounts[term] == 0 { fieldTerms.append(term) }
        if fieldCounts[term] < .max { fieldCounts[term] += 1 }
        if word.kind.isWhole { fieldLength += 1 }
    }

    private mutating func term(of word: WordScanner.Word, keepsLeft: Bool) -> Int? {
        let bytes = scanner.bytes[word.bytes]
        guard let writtenNumber = written.add(bytes) else { return nil }
        if writtenNumber < termOfWritten.count, !keepsLeft {
            return termOfWritten[writtenNumber] < 0 ? nil : Int(termOfWritten[writtenNumber])
        }
        let term = keepsLeft || !WordForm.isLeftOut(bytes, word.kind) ? index.terms.add(WordForm.stem(bytes, word.kind)[...]) : nil
        if writtenNumber == termOfWritten.count { termOfWritten.append(Int32(term ?? -1)) }
        if let term, term == fieldCounts.count {
            fieldCounts.append(0)
            toolWeights.append(0)
        }
        return term
    }

    private mutating func endField(_ field: RankingWeights.Field) {
        let length = 1 - field.lengthShare + field.lengthShare * Float(fieldLength) / field.length
        for term in fieldTerms {
            if toolWeights[term] == 0 { toolTerms.append(term) }
            toolWeights[term] += field.weight * Float(fieldCounts[term]) / length
            fieldCounts[term] = 0
        }
        fieldTerms.removeAll(keepingCapacity: true)
        fieldLength = 0
    }

    private mutating func endTool() {
        for (place, term) in toolTerms.enumerated() {
            if place < Self.mostTerms {
                termColumn.append(UInt32(term))
                let weight = toolWeights[term]
                weightColumn.append(UInt16(max(1, weight / (weight + index.ranking.saturation) * ToolIndex.steps)))
            }
            toolWeights[term] = 0
        }
        toolStarts.append(UInt32(termColumn.count))
        toolTerms.removeAll(keepingCapacity: true)
    }

    /// The index of the tools that were added.
    consuming func finish() -> ToolIndex {
        var starts = [UInt32](repeating: 0, count: index.terms.count + 1)
        for term in termColumn { starts[Int(term) + 1] += 1 }
        for term in 0..<index.terms.count { starts[term + 1] += starts[term] }
        var next = starts
        index.postings = Array(repeating: 0, count: termColumn.count)
        index.weights = Array(repeating: 0, count: termColumn.count)
        for tool in 0..<index.count {
            for place in Int(toolStarts[tool])..<Int(toolStarts[tool + 1]) {
                let term = Int(termColumn[place])
                index.postings[Int(next[term])] = UInt32(tool)
                index.weights[Int(next[term])] = weightColumn[place]
                next[term] += 1
            }
        }
        index.starts = starts
        index.serverCount = servers.count
        index.trigrams = TrigramTable(index.terms)
        index.names.finish()
        return index
    }
}
