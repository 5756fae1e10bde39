/// Reads the texts of one definition for orders to a model.
struct ReviewReader {
    /// The names under which clouds answer for the credentials of their machines.
    private static let metadataHosts = [
        "169.254.169.254", "169.254.170.2", "metadata.google.internal", "100.100.100.200", "fd00:ec2::254", "metadata.azure.internal",
    ]
    /// So much behind a tag or a role is taken for what it says.
    private static let blockLength = 150

    private let ownName: String
    private let subject: Set<String>
    private let lexicon = Lexicon.shared

    /// A reader for one tool, by its name and title.
    init(name: String, title: String?) {
        ownName = name
        var words: Set<String> = []
        for text in [name, title ?? ""] {
            let scalars = Array(text.unicodeScalars.prefix(256))
            for word in WordStream(scalars, splitsNames: true).words {
                words.insert(String(decoding: Lexicon.fold(String(String.UnicodeScalarView(scalars[word.place]))), as: UTF8.self))
            }
        }
        subject = words
    }

    /// The signs in a text, at most one for each message.
    func read(
        _ scalars: [Unicode.Scalar], in place: ReviewWalk.Place, neighbours: DefinitionNeighbours, server: String, isName: Bool = false
    ) -> [HiddenText.Sign] {
        guard scalars.count > 3, place != .pattern else { return [] }
        var signs = orders(in: scalars, isName: isName, neighbours: neighbours, server: server)
        if place == .value, let sign = metadataAddress(in: scalars) { signs.append(sign) }
        for decoded in EncodedText.find(in: scalars) {
            let found = orders(in: decoded.scalars, isName: false, neighbours: neighbours, server: server)
            guard let first = found.first(where: { $0.severity == .hold }) ?? found.first else { continue }
            // What is there unencoded too is told already.
            guard !signs.contains(where: { $0.message == first.message && $0.severity == first.severity }) else { continue }
            signs.append(
                HiddenText.Sign(
                    rule: .encodedInstruction, severity: first.severity, place: decoded.place,
                    message: "has encoded text in it that \(first.message)"))
        }
        return signs
    }

    private func metadataAddress(in scalars: [Unicode.Scalar]) -> HiddenText.Sign? {
        // Each of them has a dot or a colon, and most values have neither.
        guard scalars.count < 2_048, scalars.contains(where: { $0 == "." || $0 == ":" }) else { return nil }
        let text = String(String.UnicodeScalarView(scalars)).lowercased()
        guard Self.metadataHosts.contains(where: { text.contains($0) }) else { return nil }
        return HiddenText.Sign(
            rule: .metadataAddress, severity: .hold, place: 0..<scalars.count,
            message: "gives the address of a cloud's metadata service as a value")
    }

    // MARK: Orders

    private func orders(in scalars: [Unicode.Scalar], isName: Bool, neighbours: DefinitionNeighbours, server: String) -> [HiddenText.Sign] {
        var stream = WordStream(scalars, splitsNames: isName)
        resolve(&stream, scalars, neighbours: neighbours, server: server)
        var signs = Signs()
        matchPhrases(in: stream.words, to: &signs)
        for index in stream.words.indices
        where !stream.words[index].marks.isDisjoint(with: [.isTag, .isClosingTag, .isBracketed, .hasColon, .isSpecial, .isComment]) {
            matchTurn(at: index, in: stream.words, to: &signs)
        }
        return signs.all
    }

    private struct Signs {
        var all: [HiddenText.Sign] = []
        private var seen: Set<String> = []

        mutating func add(_ rule: DefinitionFinding.Rule, _ severity: DefinitionFinding.Severity, _ place: Range<Int>, _ message: String) {
            guard seen.insert("\(severity) \(message)").inserted else { return }
            all.append(HiddenText.Sign(rule: rule, severity: severity, place: place, message: message))
        }
    }

    /// Finds out which identifiers are tools of others.
    private func resolve(_ stream: inout WordStream, _ scalars: [Unicode.Scalar], neighbours: DefinitionNeighbours, server: String) {
        let words = stream.words
        for (index, word) in words.enumerated() {
            // "conversation ID" is none of the conversation.
            if word.classes.contains(.conversation) || word.classes.contains(.secret), words.indices.contains(index + 1),
                words[index + 1].classes.contains(.key)
            {
                stream.remove([.conversation, .secret], at: index)
            }
            let isNamed =
                index > 0 && words[index - 1].classes.contains(.tool)
                || words.indices.contains(index + 1) && words[index + 1].classes.contains(.tool)
            guard word.classes.contains(.identifier) || isNamed && !word.classes.contains(.filler), word.place.count <= 128 else {
                continue
            }
            let name = String(String.UnicodeScalarView(scalars[word.place]))
            guard NameForm.loose(name) != NameForm.loose(ownName), !neighbours.isOwn(name, at: server) else { continue }
            if neighbours.stranger(name, at: server) != nil { stream.insert([.stranger, .foreign], at: index) }
            guard word.classes.contains(.identifier) else { continue }
            stream.insert(word.classes.contains(.danger) ? [.foreign, .risky] : .foreign, at: index)
        }
    }

    private func matchPhrases(in words: [WordStream.Word], to signs: inout Signs) {
        var start = 0
        while start < words.count {
            var end = start
            var classes: WordClass = []
            while end < words.count, words[end].sentence == words[start].sentence {
                classes.formUnion(words[end].classes)
                end += 1
            }
            for index in start..<end {
                let word = words[index]
                if word.number != 0 {
                    for phrase in lexicon.phrasesByWord[Int(word.number)] {
                        match(phrase, at: index, in: words, start..<end, classes, to: &signs)
                    }
                }
                var bits = word.classes.rawValue
                while bits != 0 {
                    let bit = bits.trailingZeroBitCount
                    bits &= bits &- 1
                    for phrase in lexicon.phrasesByClass[bit] { match(phrase, at: index, in: words, start..<end, classes, to: &signs) }
                }
            }
            start = end
        }
    }

    private func match(
        _ number: Int, at index: Int, in words: [WordStream.Word], _ sentence: Range<Int>, _ classes: WordClass, to signs: inout Signs
    ) {
        let phrase = lexicon.phrases[number]
        guard classes.isSuperset(of: phrase.needed), classes.isDisjoint(with: phrase.unwanted),
            let last = Self.end(of: phrase, at: index, in: words, sentence)
        else { return }
        let group = PhraseGroup.all[phrase.group]
        if let about = group.unlessAbout, !subject.isDisjoint(with: about.words) { return }
        var severity = group.severity
        // Told, not ordered; or quoted by who looks for it.
        if phrase.beginsOrder, !words[index].marks.contains(.beginsClause) { severity = .flag }
        let isQuoted = words[index].marks.contains(.isQuoted)
        if Self.isMentioned(isQuoted ? words[..<index].suffix(60) : words[sentence.lowerBound..<index]) { severity = .flag }
        signs.add(group.rule, severity, words[index].place.lowerBound..<words[last].place.upperBound, group.message)
    }

    /// Where a phrase ends that begins at a word. Steps are taken as early as they can be: linear, and enough for tables like ours.
    private static func end(of phrase: Lexicon.Phrase, at index: Int, in words: [WordStream.Word], _ sentence: Range<Int>) -> Int? {
        var place = index
        for step in phrase.steps.dropFirst() {
            var (gap, fillers) = (step.gap, 3)
            place += 1
            while true {
                guard place < sentence.upperBound else { return nil }
                let word = words[place]
                if word.number != 0 && step.words.contains(word.number) || !word.classes.isDisjoint(with: step.classes) { break }
                if word.classes.contains(.filler), fillers > 0 {
                    fillers -= 1
                } else if gap > 0 {
                    gap -= 1
                } else {
                    return nil
                }
                place += 1
            }
        }
        return place
    }

    /// Whether what follows is an example of what is looked for: "Detects injections such as …".
    private static func isMentioned(_ words: ArraySlice<WordStream.Word>) -> Bool {
        words.contains { $0.classes.contains(.detect) } && words.contains { $0.classes.contains(.attack) }
    }

    // MARK: Turns

    /// Text that passes for another part of the conversation: a block for models, a role with a colon, a marker of a chat template.
    private func matchTurn(at index: Int, in words: [WordStream.Word], to signs: inout Signs) {
        let word = words[index]
        let content = words[(index + 1)...].prefix(Self.blockLength)
        let classes = content.reduce(into: WordClass()) { $0.formUnion($1.classes) }
        // `<|im_start|>`; texts about models have `<|endoftext|>`.
        if word.marks.contains(.isSpecial), !word.classes.isDisjoint(with: [.block, .model, .user]) || word.classes.contains(.identifier) {
            signs.add(.fakeTurn, .hold, word.place, "has a marker of a chat template in it")
        }
        if word.marks.contains(.isClosingTag), word.classes.contains(.tool) || word.classes.contains(.block),
            !words[..<index].suffix(Self.blockLength * 4).contains(where: { $0.marks.contains(.isTag) && $0.number == word.number })
        {
            signs.add(.fakeTurn, .hold, word.place, "ends a block that it is not in")
        }
        if word.classes.contains(.block), !word.marks.isDisjoint(with: [.isTag, .isBracketed]) {
            let isLoud = word.marks.contains(.isTag) || word.marks.contains(.isUpper)
            if isLoud, Self.isOrder(classes) { signs.add(.fakeTurn, .hold, word.place, "has a block for models in it that gives orders") }
        }
        if word.marks.contains(.isComment), Self.isOrder(classes) {
            signs.add(.fakeTurn, .hold, word.place, "has a comment in it that gives orders")
        }
        if word.marks.contains(.hasColon), !word.classes.isDisjoint(with: [.block, .authority]), isRole(word) {
            let isUpper = word.marks.contains(.isUpper)
            let strong: WordClass = [.ignore, .approve]
            let loud: WordClass = [.ignore, .approve, .send, .call, .put, .secret, .tool, .danger, .conversation, .model, .risky]
            let near = content.prefix(24).reduce(into: WordClass()) { $0.formUnion($1.classes) }
            if !near.isDisjoint(with: isUpper ? loud : strong) || near.contains(.destination) && near.contains(.send)
                || near.isSuperset(of: [.not, .tell, .user])
            {
                signs.add(.fakeTurn, .hold, word.place, "passes for a message of the system")
            }
        }
    }

    /// Whether a block with such words tells a model what to do.
    private static func isOrder(_ classes: WordClass) -> Bool {
        let isUrgent = !classes.isDisjoint(with: [.urge, .not, .ignore])
        let acts = [WordClass.take, .send, .put, .call, .ignore, .tell].count { classes.contains($0) }
        let isAboutMore = !classes.isDisjoint(with: [.place, .conversation, .secret, .user, .orders, .destination, .model])
        return isUrgent && acts > 0 && isAboutMore
    }

    private static let roles = Set(
        ["system", "sys", "assistant", "developer", "admin", "administrator", "系统"].map { Lexicon.fold($0) })
    private static let roleNumbers = Set(roles.compactMap { Lexicon.shared.entry($0[...])?.number })

    private func isRole(_ word: WordStream.Word) -> Bool { Self.roleNumbers.contains(word.number) }
}
