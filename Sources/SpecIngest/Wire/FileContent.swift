import HubCore
import NIOCore

/// A file as an argument gives it: Base64 as models write it, a `data:` URI (RFC 2397) with its media type, or an object of one of them
/// as `data`, with `name` and `mimeType`.
struct FileContent {
    private static let maximumNameBytes = 255

    /// The content.
    let bytes: [UInt8]
    /// What the caller says it is.
    let mediaType: String?
    /// What the caller calls it.
    let name: String?

    /// The file in the value of an argument.
    ///
    /// - Throws: `HubError` with `.invalidArguments` where it is none.
    init(_ value: JSONValue, argument: String) throws(HubError) {
        guard let text = value.string else {
            self = try Self.members(of: value, argument)
            return
        }
        // An object inside a string is a slip of some models, and no file begins so.
        if text.utf8.first == UInt8(ascii: "{"), let document = try? JSONDocument(parsing: text, limits: .message) {
            self = try Self.members(of: document.root, argument)
            return
        }
        guard let file = FileContent(text) else {
            throw HubError(.invalidArguments, "argument \"\(argument)\" must be the file's content in Base64, or a data: URI")
        }
        self = file
    }

    /// The file in `text`; nil where it is neither Base64 nor a `data:` URI.
    init?(_ text: String) {
        guard text.prefix(5).lowercased() == "data:" else {
            guard let bytes = Self.decode(text) else { return nil }
            self.init(bytes: bytes, mediaType: nil, name: nil)
            return
        }
        guard let comma = text.firstIndex(of: ",") else { return nil }
        let head = text[..<comma].dropFirst(5)
        let data = PercentEncoding.bytesWherePossible(text[text.index(after: comma)...])
        guard head.lowercased().hasSuffix(";base64") else {
            self.init(bytes: data, mediaType: Self.mediaType(head), name: nil)
            return
        }
        guard let bytes = Self.decode(String(decoding: data, as: UTF8.self)) else { return nil }
        self.init(bytes: bytes, mediaType: Self.mediaType(head.dropLast(7)), name: nil)
    }

    private init(bytes: [UInt8], mediaType: String?, name: String?) {
        (self.bytes, self.mediaType, self.name) = (bytes, mediaType, name)
    }

    private static func members(of value: JSONValue, _ argument: String) throws(HubError) -> FileContent {
        let phrase = "argument \"\(argument)\" must be the file's content in Base64, a data: URI, or {\"data\", \"name\", \"mimeType\"}"
        guard value.kind == .object, let file = value["data"]?.string.flatMap({ FileContent($0) }) else {
            throw HubError(.invalidArguments, phrase)
        }
        var (name, type) = (file.name, file.mediaType)
        for (key, member) in value.members where !member.isNull {
            switch (key.string, member.string) {
            case ("data", _): break
            case ("name", let text?): name = try checked(name: text, argument)
            case ("mimeType", let text?):
                guard MediaType.isSendable(text), MediaType(text) != nil else {
                    throw HubError(.invalidArguments, "\"mimeType\" of argument \"\(argument)\" must be a media type such as text/csv")
                }
                type = text
            default: throw HubError(.invalidArguments, phrase)
            }
        }
        return FileContent(bytes: file.bytes, mediaType: type, name: name)
    }

    private static func checked(name: String, _ argument: String) throws(HubError) -> String {
        guard (1...maximumNameBytes).contains(name.utf8.count), name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw HubError(
                .invalidArguments,
                "\"name\" of argument \"\(argument)\" must be 1 to \(maximumNameBytes) bytes without control characters")
        }
        return name
    }

    /// The media type of a `data:` URI; nil where it says nothing that can be sent.
    private static func mediaType(_ head: Substring) -> String? {
        // RFC 2397 §2: without a type, `;charset=…` is one of plain text.
        let text = head.first == ";" ? "text/plain" + head : String(head)
        return MediaType.isSendable(text) && MediaType(text) != nil ? text : nil
    }

    /// The bytes of a text in either alphabet (RFC 4648 §4 and §5), with or without padding, line breaks between.
    private static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var digits: [UInt8] = []
        digits.reserveCapacity(text.utf8.count + 3)
        for byte in text.utf8 where !isSpace(byte) { digits.append(Base64.standardDigit(byte)) }
        if digits.last != UInt8(ascii: "=") { while digits.count % 4 != 0 { digits.append(UInt8(ascii: "=")) } }
        return Base64.decode(utf8: digits)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}
