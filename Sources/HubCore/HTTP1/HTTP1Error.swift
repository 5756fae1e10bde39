public import HTTPTypes

/// Why bytes are not the HTTP/1.1 message they should be. The connection cannot be read on.
public struct HTTP1Error: Error, Hashable, Sendable {
    /// What a caller is refused with; of an upstream's answer it says no more than that it is malformed.
    public var status: HTTPResponse.Status
    /// What is wrong; holds nothing of the message.
    public var message: String

    /// An error.
    public init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }

    static func bad(_ message: String) -> HTTP1Error { HTTP1Error(.badRequest, message) }
}

/// What one message may use.
public struct HTTP1Limits: Hashable, Sendable {
    /// The start line and the header fields together, in bytes without the two line ends that close them.
    public var headBytes: Int
    /// Header fields.
    public var fields: Int
    /// What may stand behind the sizes of all chunks of one body together, in bytes.
    public var chunkExtensionBytes = 4 << 10
    /// The fields after a chunked body together, in bytes with their line ends.
    public var trailerBytes = 8 << 10
    /// Answers with a status of 1xx before the one that counts.
    public var informationalAnswers = 16

    /// Limits; those of bodies are the caller's to keep.
    public init(headBytes: Int, fields: Int = 100) {
        self.headBytes = headBytes
        self.fields = fields
    }

    /// For the answers of upstreams.
    public static let answer = HTTP1Limits(headBytes: 64 << 10, fields: 200)
}
