public import HTTPTypes
public import HubCore
public import NIOCore

/// An answer of an upstream. Who gets one reads its body to the end or gives it up by `cancel`.
public struct UpstreamResponse: Sendable {
    /// The status.
    public var status: Int
    /// The fields that are meant for whoever asked; those about the connection and the framing are left out.
    public var fields: HTTPFields
    /// The body, decompressed.
    public var body: ResponseBody

    /// The media type with its parameters.
    public var contentType: String? { fields.value(.contentType) }
}

/// An answer of an upstream, complete.
public struct CollectedResponse: Sendable {
    /// The status.
    public var status: Int
    /// The fields that are meant for whoever asked.
    public var fields: HTTPFields
    /// The body, decompressed.
    public var body: ByteBuffer

    /// The media type with its parameters.
    public var contentType: String? { fields.value(.contentType) }
}

extension HTTPFields {
    /// The fields without those that are about one connection (RFC 9110 §7.6.1) or the framing of one message.
    var endToEnd: HTTPFields {
        let named = self[values: .connection].flatMap { $0.split(separator: ",") }.map { option in
            option.lowercased().filter { $0 != " " && $0 != "\t" }
        }
        var result = HTTPFields()
        result.reserveCapacity(count)
        for field in self where !field.name.isHopByHop && !named.contains(field.name.canonicalName) { result.append(field) }
        return result
    }
}

extension HTTPField.Name {
    /// Whether it is about one connection or the framing of one message.
    var isHopByHop: Bool {
        switch canonicalName {
        case "connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade": true
        case let name: name.hasPrefix("proxy-")
        }
    }
}
