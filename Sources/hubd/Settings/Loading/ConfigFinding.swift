import HubCore
import NIOCore
import SpecIngest

/// A place in one of the files that make up the configuration.
struct SourcePlace: Sendable, Hashable {
    /// The file as the user would type it, or what else the setting came from, such as `HUBD_LISTEN`.
    var file: String
    /// Where in the file, if the finding is about one place.
    var position: SourcePosition?

    /// `hub.yaml:12:5`, or the file alone.
    var description: String {
        position.map { "\(file):\($0.line):\($0.column)" } ?? file
    }
}

/// Something that `hubd check` has to say about the configuration.
///
/// Neither the message nor the hint repeats a value that could be a secret.
struct ConfigFinding: Error, Sendable, Hashable, CustomStringConvertible {
    /// How bad it is.
    enum Severity: String, Sendable {
        /// The hub does not start with it, and a reload keeps the old configuration.
        case error
        /// The hub runs with it.
        case warning
    }

    /// How bad it is.
    var severity: Severity
    /// What is wrong.
    var message: String
    /// What to do about it.
    var hint: String?
    /// Where.
    var place: SourcePlace

    /// `hub.yaml:12:5: error: unknown key "adress" — did you mean "addresses"?`
    var description: String {
        "\(place.description): \(severity.rawValue): \(message)" + (hint.map { " — \($0)" } ?? "")
    }

    /// The finding as one JSON object, for `hubd check --json`.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("severity", severity.rawValue)
        json.member("file", place.file)
        if let position = place.position {
            json.member("line", position.line)
            json.member("column", position.column)
        }
        json.member("message", message)
        if let hint { json.member("hint", hint) }
        json.endObject()
    }

    /// A name from the file inside a message: in quotes, cut short, without control characters.
    static func quoted(_ name: String) -> String { "\"\(shown(name, atMost: 60))\"" }

    /// Text that the operator did not write, fit for a terminal: cut short, without control characters.
    static func shown(_ text: String, atMost limit: Int) -> String {
        let shown = text.unicodeScalars.prefix(limit).map { scalar in
            let isShown =
                !scalar.properties.isBidiControl && scalar.properties.generalCategory != .control
                && scalar.properties.generalCategory != .format
            return isShown ? Character(scalar) : "\u{FFFD}"
        }
        return String(shown) + (text.unicodeScalars.count > limit ? "…" : "")
    }

    /// Names in a sentence: `a, b or c`.
    static func listed(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }
}

/// Findings in the making; bounded, because a hostile file could have a problem in every line.
struct FindingCollector: Sendable {
    /// How many findings are kept.
    static let maximum = 500

    private(set) var findings: [ConfigFinding] = []

    /// Whether one of them is an error.
    var hasErrors: Bool { findings.contains { $0.severity == .error } }

    /// Whether no more is kept, so that looking for more is of no use.
    var isFull: Bool { findings.count > Self.maximum }

    /// Adds an error.
    mutating func error(_ message: String, hint: String? = nil, at place: SourcePlace) {
        add(ConfigFinding(severity: .error, message: message, hint: hint, place: place))
    }

    /// Adds a warning.
    mutating func warning(_ message: String, hint: String? = nil, at place: SourcePlace) {
        add(ConfigFinding(severity: .warning, message: message, hint: hint, place: place))
    }

    private mutating func add(_ finding: ConfigFinding) {
        if findings.count < Self.maximum {
            findings.append(finding)
        } else if findings.count == Self.maximum {
            let place = SourcePlace(file: finding.place.file)
            findings.append(ConfigFinding(severity: .error, message: "there are more problems than these", place: place))
        }
    }
}
