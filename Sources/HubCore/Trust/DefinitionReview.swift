/// Looks for what attacks on models put into the definitions of tools: text that people do not see, orders to the model, names that pass for
/// others. It sees every string that a model or a client may be shown, since attacks are in all of them.
///
/// Words alone are never enough: a scanner of secrets speaks of secrets. What counts is what the model is told to do with them. A finding
/// is no proof, and no finding is none either: the digest is what holds a changed tool back.
public enum DefinitionReview {
    /// The most findings that one definition has.
    public static let maximumFindings = 64
    /// The most strings and members of one definition that are looked at.
    private static let maximumValues = 1 << 16

    /// What is to be looked at in a definition, the gravest first.
    ///
    /// - Parameters:
    ///   - record: the definition.
    ///   - server: the name of the server that the tool is of, as `neighbours` has it.
    ///   - neighbours: the tools of the hub.
    public static func findings(
        in record: DefinitionRecord, server: String, neighbours: DefinitionNeighbours = .none
    ) -> [DefinitionFinding] {
        var walk = ReviewWalk(record, server: server, neighbours: neighbours, maximumValues: maximumValues)
        walk.run()
        let held = walk.findings.filter { $0.severity == .hold }
        return Array((held + walk.findings.filter { $0.severity == .flag }).prefix(maximumFindings))
    }

    /// What is to be looked at in a definition.
    ///
    /// - Throws: `DefinitionRecordError` where it cannot be recorded.
    public static func findings(
        in tool: ToolDefinition, server: String, neighbours: DefinitionNeighbours = .none
    ) throws(DefinitionRecordError) -> [DefinitionFinding] {
        findings(in: try DefinitionRecord(tool), server: server, neighbours: neighbours)
    }
}

/// The walk of one review through a definition.
struct ReviewWalk {
    /// What was found, in the order of the definition.
    private(set) var findings: [DefinitionFinding] = []

    private let root: JSONValue
    private let server: String
    private let neighbours: DefinitionNeighbours
    private var valuesLeft: Int
    private var path: [String] = []
    private let reader: ReviewReader

    init(_ record: DefinitionRecord, server: String, neighbours: DefinitionNeighbours, maximumValues: Int) {
        root = record.document.root
        self.server = server
        self.neighbours = neighbours
        valuesLeft = maximumValues
        reader = ReviewReader(name: root["name"]?.string ?? "", title: root["title"]?.string)
    }

    /// Looks at every string.
    mutating func run() {
        look(at: root, in: .definition)
        lookAtName()
        if valuesLeft <= 0 { add(.unreviewed, .hold, "has more parts than are reviewed") }
    }

    /// What a string is for: how much of a sentence may be in it.
    enum Place {
        /// The members of the definition itself.
        case definition
        /// A schema or a part of one.
        case schema
        /// The members of `properties`, whose names are the arguments'.
        case properties
        /// A value that a model may use: default, const, enum, example.
        case value
        /// A pattern.
        case pattern
        /// Pictures, which no model reads.
        case icons
    }

    private mutating func look(at value: JSONValue, in place: Place) {
        guard valuesLeft > 0 else { return }
        valuesLeft -= 1
        switch value.kind {
        case .string: if let text = value.string { look(at: text, in: place) }
        case .array:
            for (number, element) in value.elements.enumerated() {
                path.append(String(number))
                look(at: element, in: place)
                path.removeLast()
            }
        case .object:
            for member in value.members {
                let name = member.name.string ?? ""
                path.append(name)
                if place != .definition { lookAtMemberName(name, in: place) }
                look(at: member.value, in: inner(name, of: place))
                path.removeLast()
            }
        case .null, .true, .false, .number: break
        }
    }

    private func inner(_ name: String, of place: Place) -> Place {
        switch place {
        case .definition: ["inputSchema", "outputSchema"].contains(name) ? .schema : name == "icons" ? .icons : .definition
        case .properties: .schema
        case .value, .pattern, .icons: place
        case .schema:
            switch name {
            case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas": .properties
            case "default", "const", "enum", "example", "examples": .value
            case "pattern": .pattern
            default: .schema
            }
        }
    }

    private mutating func look(at text: String, in place: Place) {
        let isName = path == ["name"]
        let scalars = Array(text.unicodeScalars)
        for sign in HiddenText.signs(in: scalars, isName: isName) {
            add(sign.rule, sign.severity, "\(subject) \(sign.message).", at: sign.place, in: scalars)
        }
        guard place != .icons else { return }
        if place == .pattern, let range = CostlyPattern.find(in: scalars) {
            // An answer is what its own server sends: whoever checks it is hurt by nobody else.
            let severity: DefinitionFinding.Severity = path.first == "outputSchema" ? .flag : .hold
            add(.costlyPattern, severity, "\(subject) takes exponential time to match.", at: range, in: scalars)
        }
        if place == .schema, path.last == "$ref" || path.last == "$dynamicRef", scalars.first != "#" {
            add(.externalReference, .hold, "A schema refers to a document elsewhere.", at: 0..<1, in: scalars)
        }
        lookForPretenders(in: scalars, isName: isName)
        for sign in reader.read(scalars, in: place, neighbours: neighbours, server: server, isName: isName) {
            add(sign.rule, sign.severity, "\(subject) \(sign.message).", at: sign.place, in: scalars)
        }
    }

    private mutating func lookAtMemberName(_ name: String, in place: Place) {
        let scalars = Array(name.unicodeScalars)
        let what = "The name \"\(VisibleText.escape(name, limit: 80))\""
        for sign in HiddenText.signs(in: scalars, isName: true) {
            add(sign.rule, sign.severity, "\(what) \(sign.message).", at: sign.place, in: scalars)
        }
        lookForPretenders(in: scalars, isName: true)
        for sign in reader.read(scalars, in: place, neighbours: neighbours, server: server, isName: true) {
            add(sign.rule, sign.severity, "\(what) \(sign.message).", at: sign.place, in: scalars)
        }
    }

    /// A word that is not what it looks like: in a name, and in an identifier, it is there to be taken for another.
    private mutating func lookForPretenders(in scalars: [Unicode.Scalar], isName: Bool) {
        guard let first = LookAlikes.pretenders(in: scalars).first else { return }
        let isIdentifier = isName || scalars[first].contains("_")
        add(.lookAlikeName, isIdentifier ? .hold : .flag, "\(subject) has letters that only look like its own.", at: first, in: scalars)
    }

    /// The name against itself and against those of others.
    private mutating func lookAtName() {
        guard let name = root["name"]?.string else { return }
        path = ["name"]
        let scalars = Array(name.unicodeScalars)
        if let place = scalars.firstIndex(where: { scalar in
            scalar.value >= 0x80
                && (LookAlikes.find(scalar).map { $0.kind != .letter } ?? (scalar.properties.generalCategory == .nonspacingMark))
        }), scalars[0..<place].allSatisfy({ $0.value < 0x80 }) {
            add(
                .lookAlikeName, .hold, "The name has a letter in another form, or one with a mark put on it.", at: place..<place + 1,
                in: scalars)
        }
        if let other = neighbours.lookAlike(of: name, at: server) {
            let isOwn = other.server.utf8.elementsEqual(server.utf8)
            add(
                .lookAlikeName, isOwn ? .flag : .hold,
                "The name looks like that of the tool \(shown(other.name)) of the server \(shown(other.server)).")
        }
        if let other = neighbours.twin(of: name, at: server) {
            add(.sharedName, .flag, "The server \(shown(other.server)) has a tool of the same name.")
        }
        if let other = neighbours.claimedServer(in: name, at: server) {
            add(.otherTool, .hold, "The name claims to be of the server \(shown(other)).")
        }
    }

    // MARK: Findings

    private func shown(_ name: String) -> String { "\"\(VisibleText.escape(name, limit: 128))\"" }

    private var subject: String {
        switch path.last {
        case "name" where path.count == 1: "The name"
        case "title": "A title"
        case "description" where path.count == 1: "The description"
        case "description": "The description of a part"
        default: "A text of the definition"
        }
    }

    private mutating func add(
        _ rule: DefinitionFinding.Rule, _ severity: DefinitionFinding.Severity, _ message: String, at place: Range<Int> = 0..<0,
        in scalars: [Unicode.Scalar] = []
    ) {
        // Flags leave room: what holds a tool is never crowded out by what does not.
        let count = findings.count { $0.severity == severity }
        guard count < DefinitionReview.maximumFindings else { return }
        findings.append(
            DefinitionFinding(
                rule: rule, severity: severity, pointer: VisibleText.escape(JSONPointer.text(of: path), limit: 256),
                offset: place.lowerBound,
                excerpt: VisibleText.excerpt(of: scalars, around: place), message: message))
    }
}
