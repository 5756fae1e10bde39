import HTTPTypes
import HubCore
import NIOCore

/// Takes out of an answer what no caller may see: the hub's own credential wherever an upstream echoes it, and in failures the
/// upstream's address, which error pages like to name.
struct Redaction: Sendable {
    private let secrets: [[UInt8]]

    /// Shorter values would match by chance.
    private static let minimumLength = 6

    init(_ credentials: [UpstreamCredential]) {
        self.init(values: credentials.flatMap(\.secrets))
    }

    /// Takes out these values, in each of their spellings.
    init(values: [String]) {
        let spellings = values.flatMap { [$0, PercentEncoding.encode($0)] + Self.inJSON($0) + Self.inMarkup($0) }
        secrets = Set(spellings).filter { $0.utf8.count >= Self.minimumLength }.map { Array($0.utf8) }
    }

    /// Takes out a value that has one spelling: letters and digits.
    init(word: String) {
        secrets = word.utf8.count >= Self.minimumLength ? [Array(word.utf8)] : []
    }

    /// A value as it stands in a string of JSON, where writers may escape `/` or not, and some what means something to HTML.
    private static func inJSON(_ value: String) -> [String] {
        var json = JSONWriter()
        json.string(value)
        let text = String(String(buffer: json.buffer).dropFirst().dropLast())
        return [
            text, text.replacing("/", with: "\\/"),
            text.replacing("&", with: "\\u0026").replacing("<", with: "\\u003c").replacing(">", with: "\\u003e"),
        ]
    }

    /// A value as it stands in XML and HTML, of which callers get what it means.
    private static func inMarkup(_ value: String) -> [String] {
        let bare = value.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        let text = bare.replacing(">", with: "&gt;")
        let quoted = text.replacing("\"", with: "&quot;")
        return [bare, text, quoted, quoted.replacing("'", with: "&#39;"), quoted.replacing("'", with: "&apos;")]
    }

    /// What is to be taken out of one answer; nil where there is nothing, and its bytes need not be looked at.
    ///
    /// - Parameter others: what the operation and this request add to what is always taken out.
    func scanner(status: Int, endpoint: Endpoint, with others: Redaction?...) -> RedactionScanner? {
        let isFailure = status >= 300
        let secrets = secrets + others.flatMap { $0?.secrets ?? [] }
        guard isFailure || !secrets.isEmpty else { return nil }
        let places = isFailure ? Set([endpoint.authority, endpoint.host]).filter { $0.utf8.count >= Self.minimumLength } : []
        return RedactionScanner(
            secrets.map { RedactionScanner.Pattern(bytes: $0, isAddress: false) }
                + places.map { RedactionScanner.Pattern(bytes: Array($0.utf8), isAddress: true) })
    }
}

extension RedactionScanner {
    /// The fields with each value as it may be seen.
    func redact(_ fields: HTTPFields) -> HTTPFields {
        var result = fields
        for index in result.indices {
            let value = result[index].value
            var scanner = self
            let redacted = scanner.scanAll(ByteBuffer(string: value))
            guard redacted.readableBytes != value.utf8.count || String(buffer: redacted) != value else { continue }
            result[index].value = String(buffer: redacted)
        }
        return result
    }

    /// The body as it may be seen; a stream is looked at as it passes.
    func redact(_ body: ResponseBody) -> ResponseBody {
        var scanner = self
        return switch body {
        case .complete(let bytes): .complete(scanner.scanAll(bytes))
        case .stream(let stream): .stream(RedactionStream(stream, scanner: scanner))
        }
    }
}
