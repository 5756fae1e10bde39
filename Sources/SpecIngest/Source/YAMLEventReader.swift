import CYaml
import NIOCore

/// The events of one YAML text, one after another, straight from libyaml (the C half of the Yams package).
///
/// Yams' own `Parser` builds a tree: it refuses repeated keys before anybody can say where they are, forgets where aliases
/// stand, recurses, and makes several objects for each scalar. All that touches C is in this file. The parser keeps a pointer
/// to itself and to the text, so both live at fixed addresses that this value owns; it is not copyable, and frees them.
@safe struct YAMLEventReader: ~Copyable {
    /// What the current event is.
    enum Event {
        case streamStart
        case streamEnd
        case documentStart
        case documentEnd
        case alias
        case scalar
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let event: UnsafeMutablePointer<yaml_event_t>
    private let text: UnsafeMutableBufferPointer<UInt8>

    /// How many tags may be declared: libyaml compares each with all before.
    private static let maximumTagDirectives = 1_000

    /// Refuses a text that libyaml would read for hours. A declaration stands at the start of a line, but what ends one is libyaml's affair.
    static func check(_ bytes: ByteBuffer) throws(SourceError) {
        let text = bytes.readableBytesUInt8Span
        var count = 0
        for index in text.indices where text[index] == UInt8(ascii: "%") {
            guard text.count - index >= 4, text[index + 1] == UInt8(ascii: "T"), text[index + 2] == UInt8(ascii: "A"),
                text[index + 3] == UInt8(ascii: "G")
            else { continue }
            count += 1
            guard count > maximumTagDirectives else { continue }
            let position = SourceLines(bytes).position(at: index)
            throw SourceError(message: "more than \(maximumTagDirectives) tags are declared", position: position)
        }
    }

    /// A reader of the readable bytes of `bytes`, which it copies and which have passed `check`.
    init(_ bytes: ByteBuffer) throws(SourceError) {
        unsafe parser = .allocate(capacity: 1)
        unsafe event = .allocate(capacity: 1)
        unsafe event.initialize(to: yaml_event_t())
        unsafe text = .allocate(capacity: bytes.readableBytes)
        _ = unsafe text.initialize(fromContentsOf: bytes.readableBytesView)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            // Only lack of memory makes it fail, and then it has cleared the structure itself.
            unsafe parser.initialize(to: yaml_parser_t())
            throw SourceError(message: "no memory to read YAML")
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_event_delete(event)
        unsafe yaml_parser_delete(parser)
        unsafe event.deallocate()
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// Moves to the next event.
    mutating func next() throws(SourceError) -> Event {
        unsafe yaml_event_delete(event)
        guard unsafe yaml_parser_parse(parser, event) == 1 else { throw failure }
        switch unsafe event.pointee.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias
        case YAML_SCALAR_EVENT: return .scalar
        case YAML_SEQUENCE_START_EVENT: return .sequenceStart
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT: return .mappingStart
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .streamEnd
        }
    }

    /// Where the current event starts.
    var position: SourcePosition { unsafe Self.position(of: event.pointee.start_mark) }

    /// The anchor of the current scalar or container, or the anchor that the current alias names.
    var anchor: String? {
        // Each case reads the member of the union that belongs to the type of the event.
        switch unsafe event.pointee.type {
        case YAML_ALIAS_EVENT: unsafe Self.string(event.pointee.data.alias.anchor)
        case YAML_SCALAR_EVENT: unsafe Self.string(event.pointee.data.scalar.anchor)
        case YAML_SEQUENCE_START_EVENT: unsafe Self.string(event.pointee.data.sequence_start.anchor)
        case YAML_MAPPING_START_EVENT: unsafe Self.string(event.pointee.data.mapping_start.anchor)
        default: nil
        }
    }

    /// The tag written before the current scalar or container, resolved.
    var tag: String? {
        switch unsafe event.pointee.type {
        case YAML_SCALAR_EVENT: unsafe Self.string(event.pointee.data.scalar.tag)
        case YAML_SEQUENCE_START_EVENT: unsafe Self.string(event.pointee.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT: unsafe Self.string(event.pointee.data.mapping_start.tag)
        default: nil
        }
    }

    /// Whether the current scalar has neither quotes, nor a block indicator, nor a tag: its spelling says what it is.
    var isPlain: Bool {
        let scalar = unsafe event.pointee.data.scalar
        return unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.plain_implicit == 1
    }

    /// The content of the current scalar, unescaped and folded.
    var scalarText: String {
        unsafe String(decoding: scalarBytes, as: UTF8.self)
    }

    /// What the current scalar stands for when its spelling says so.
    var scalarMeaning: YAMLScalar {
        YAMLScalar(plain: unsafe Span(_unsafeElements: scalarBytes))
    }

    /// Appends the content of the current scalar, which libyaml has checked as UTF-8.
    func copyScalar(to buffer: inout ByteBuffer) {
        _ = unsafe buffer.writeBytes(scalarBytes)
    }

    /// The event owns these bytes until the next one; only the members above see them, and none keeps them.
    private var scalarBytes: UnsafeBufferPointer<UInt8> {
        let scalar = unsafe event.pointee.data.scalar
        return unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
    }

    private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        // libyaml ends its names with a zero byte.
        unsafe pointer.map { unsafe String(cString: $0) }
    }

    private static func position(of mark: yaml_mark_t) -> SourcePosition {
        SourcePosition(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    /// Why the last step failed. libyaml's messages are fixed texts.
    private var failure: SourceError {
        let parser = unsafe parser.pointee
        let lines = unsafe SourceLines(ByteBuffer(bytes: text))
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "unknown problem"
        if unsafe parser.error == YAML_READER_ERROR {
            let position = lines.position(at: Int(unsafe parser.problem_offset))
            return SourceError(message: "not readable as UTF-8 text: \(problem)", position: position)
        }
        let position = lines.within(unsafe Self.position(of: parser.problem_mark))
        if problem.hasPrefix("Maximum nesting level") { return SourceError(message: "the text is nested too deeply", position: position) }
        if lines.byte(at: position) == UInt8(ascii: "\t") {
            return SourceError(message: "not valid YAML: a tab where YAML wants spaces", position: position)
        }
        let context = unsafe parser.context.map { unsafe String(cString: $0) + ", " } ?? ""
        return SourceError(message: "not valid YAML: \(context)\(problem)", position: position)
    }
}
