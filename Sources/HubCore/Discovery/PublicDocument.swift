import Crypto
public import HTTPTypes
public import NIOCore

/// A JSON document about the hub or one of its entries.
public struct PublicDocument: Sendable, Hashable {
    /// The text.
    public let json: ByteBuffer
    /// The media type.
    public let contentType: String
    /// Changes with the text (RFC 9110 §8.8.3).
    public let entityTag: String

    /// A document.
    public init(json: ByteBuffer, contentType: String = "application/json") {
        self.json = json
        self.contentType = contentType
        let digits = Array("0123456789abcdef".utf8)
        let digest = SHA256.hash(data: Array(json.readableBytesView)).prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        entityTag = "\"\(String(decoding: digest, as: UTF8.self))\""
    }

    /// How long an answer may be used again.
    public enum Caching: Sendable {
        /// For some minutes, by everybody.
        case open
        /// By everybody, after asking whether it is still the same: others may be shown another document here.
        case asked
        /// By the caller alone, after asking.
        case own
    }

    /// The answer to `GET`, `HEAD` and what browsers ask before (RFC 9728 §3.1, server cards: pages of any origin may read); nil for another
    /// method.
    public func answer(to head: HTTPRequest, caching: Caching) -> (head: HTTPResponse, body: ByteBuffer)? {
        // Clients that are pages send `mcp-protocol-version` along, so that their browser asks first.
        if CORSRule.isPreflight(head) { return (CORSRule.preflightAnswer(to: head, origin: "*"), ByteBuffer()) }
        guard head.method == .get || head.method == .head else { return nil }
        var fields: HTTPFields = [.accessControlAllowOrigin: "*", .accessControlExposeHeaders: "etag", .eTag: entityTag]
        fields[.cacheControl] =
            switch caching {
            case .open: "max-age=300"
            case .asked: "no-cache"
            case .own: "private, no-cache"
            }
        if isKnown(to: head) { return (HTTPResponse(status: .notModified, headerFields: fields), ByteBuffer()) }
        fields[.contentType] = contentType
        return (HTTPResponse(status: .ok, headerFields: fields), json)
    }

    /// Whether the caller has it already (RFC 9110 §13.1.2, a weak comparison).
    private func isKnown(to head: HTTPRequest) -> Bool {
        head.headerFields[values: .ifNoneMatch].contains { value in
            value.split(separator: ",").contains { item in
                let tag = item.trimmingSpaces
                return tag == "*" || tag == entityTag || tag == "W/" + entityTag
            }
        }
    }
}
