public import HubCore
public import NIOCore

/// A JSON or YAML text that a person or a tool wrote, read as one JSON document that knows where everything stood.
///
/// A text whose first character is `{` or `[` is JSON, or else YAML's flow style; everything else is YAML 1.2 under its core
/// schema (`YAMLScalar` says what that means, `YAMLConverter` what is refused). Immutable; share it freely.
public struct SourceDocument: Sendable {
    /// The text as JSON. For YAML these bytes were written for it; for JSON they are the text.
    public let json: JSONDocument
    private let places: Places

    private enum Places {
        case json(SourceLines)
        case yaml(YAMLEntries)
    }

    /// Reads the readable bytes of `bytes`.
    ///
    /// - Throws: `SourceError` with the place, when the text is neither JSON nor YAML or passes one of `limits`.
    public init(reading bytes: ByteBuffer, limits: JSONLimits = .description) throws(SourceError) {
        let text = try Self.withoutByteOrderMark(bytes)
        guard text.readableBytes <= limits.maximumBytes else { throw SourceError(message: JSONParseError.Reason.tooLarge.rawValue) }
        guard let first = text.readableBytesView.first(where: { !Self.isSpace($0) }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else {
            self = try Self(yaml: text, limits: limits)
            return
        }
        do {
            json = try JSONDocument(parsing: text, limits: limits)
            places = .json(SourceLines(text))
        } catch {
            // Flow style is rare enough that a text which is not it either gets the message about JSON.
            if Self.mayBeYAML(error.reason), let document = try? Self(yaml: text, limits: limits) {
                self = document
                return
            }
            // A repeated name is reported inside its quotes.
            let offset = error.offset - (error.reason == .duplicateKey ? 1 : 0)
            let position = error.reason == .tooLarge ? nil : SourceLines(text).position(at: offset)
            throw SourceError(message: "not valid JSON: \(error.reason.rawValue)", position: position)
        }
    }

    private init(yaml text: ByteBuffer, limits: JSONLimits) throws(SourceError) {
        try YAMLEventReader.check(text)
        var converter = try YAMLConverter(text, limits: limits)
        let bytes = try converter.convert()
        do {
            json = try JSONDocument(parsing: bytes, limits: limits)
            places = .yaml(converter.entries)
        } catch {
            let position = error.reason == .tooLarge ? nil : converter.entries.position(atOffset: error.offset)
            throw SourceError(message: error.reason.rawValue, position: position)
        }
    }

    /// Where a value or a member's name of `json` stands in the text. What came through an alias stands at its anchor, but
    /// for its outermost value, which stands at the alias.
    public func position(of value: JSONValue) -> SourcePosition {
        position(index: value.index, offset: value.offset)
    }

    /// The same for the value of this index and offset in `json`.
    func position(index: Int, offset: Int) -> SourcePosition {
        switch places {
        case .json(let lines): lines.position(at: offset)
        case .yaml(let entries): entries.position(at: index)
        }
    }

    private static func withoutByteOrderMark(_ bytes: ByteBuffer) throws(SourceError) -> ByteBuffer {
        var text = bytes.slice()
        let start = text.getInteger(at: 0, as: UInt16.self)
        if start == 0xFEFF || start == 0xFFFE { throw SourceError(message: "the text is UTF-16; save it as UTF-8") }
        if text.readableBytes >= 3, start == 0xEFBB, text.getInteger(at: 2, as: UInt8.self) == 0xBF { text.moveReaderIndex(forwardBy: 3) }
        return text.slice()
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func mayBeYAML(_ reason: JSONParseError.Reason) -> Bool {
        switch reason {
        case .unexpectedByte, .badNumber, .badEscape, .trailingBytes, .controlCharacter: true
        case .unexpectedEnd, .loneSurrogate, .badUTF8, .duplicateKey, .tooLarge, .tooDeep, .tooManyValues: false
        }
    }
}
