import Logging

/// Writes a log in which nothing that a caller, a server or its process said makes a line of its own or does something to a terminal.
struct ClearLogHandler: LogHandler {
    private var base: any LogHandler

    /// - Parameter base: writes what has been cleared.
    init(_ base: any LogHandler) { self.base = base }

    /// The log of the command, on standard error.
    static func standardError(label: String) -> ClearLogHandler { ClearLogHandler(StreamLogHandler.standardError(label: label)) }

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = Self.cleared(newValue) }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue.map(Self.cleared) }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = Logger.Message(stringLiteral: Self.cleared(event.message.description))
        event.metadata = event.metadata.map(Self.cleared)
        base.log(event: event)
    }

    // MARK: Texts

    /// Keys are the hub's own.
    private static func cleared(_ metadata: Logger.Metadata) -> Logger.Metadata { metadata.mapValues(cleared) }

    private static func cleared(_ value: Logger.Metadata.Value) -> Logger.Metadata.Value {
        switch value {
        case .string(let text): .string(cleared(text))
        case .stringConvertible(let value): .string(cleared(value.description))
        case .array(let values): .array(values.map(cleared))
        case .dictionary(let values): .dictionary(cleared(values))
        }
    }

    /// Line feeds and tabs as they are written in programs; any other character without a shape of its own as the mark for what cannot be
    /// shown.
    static func cleared(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 > 0x7E }) else { return text }
        var cleared = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": cleared.append(contentsOf: "\\n".unicodeScalars)
            case "\t": cleared.append(contentsOf: "\\t".unicodeScalars)
            default: cleared.append(isShown(scalar) ? scalar : "\u{FFFD}")
            }
        }
        return String(cleared)
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
