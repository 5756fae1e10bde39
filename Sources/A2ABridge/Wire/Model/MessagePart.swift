import HubCore
import NIOCore

/// A piece of what a message or an artifact says.
struct MessagePart: Sendable, Hashable {
    /// What the piece is. JSON is its text, without white space.
    enum Content: Sendable, Hashable {
        /// Text.
        case text(String)
        /// The bytes of a file.
        case raw(ByteBuffer)
        /// Where a file is.
        case url(String)
        /// Any JSON value.
        case data(ByteBuffer)
    }

    /// What it says.
    var content: Content
    /// A JSON object of anything.
    var metadata: ByteBuffer?
    /// What the file is called.
    var filename: String?
    /// The media type of the content.
    var mediaType: String?
}

extension MessagePart {
    /// The mark on an object of 0.3 that wraps a value of 1.0 that is none, as the SDKs in Python, Go and JavaScript have it.
    private static let wrapperMark = "data_part_compat"
    private static let wrappedValue = "value"

    /// Reads a part. In 0.3 either spelling will do: HTTP+JSON has peers that speak one and peers that speak the other.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        metadata = try source.anything("metadata")
        if source.dialect.version == .v1_0 {
            (filename, mediaType) = (try source.text("filename"), try source.text("mediaType"))
            content = try Self.content(of: source)
            return
        }
        if let file = try source["file"]?.object() {
            guard source["text"] == nil, source["data"] == nil else { throw source.problem(.notOneOf) }
            (filename, mediaType) = (try file.text("name"), try file.text("mimeType"))
            content = try Self.file(file)
        } else if let text = try source["text"]?.text() {
            guard source["data"] == nil else { throw source.problem(.notOneOf) }
            content = .text(text)
        } else {
            let data = try source.required("data")
            let hasKind = source["kind"] != nil
            content = .data((source.dialect == .v0_3Proto && !hasKind ? try data.required("data") : data).ownBytes)
            unwrap(source)
        }
    }

    private static func content(of source: WireValue) throws(WireProblem) -> Content {
        var found: [Content] = []
        if let text = source["text"] { found.append(.text(try text.text())) }
        if let raw = source["raw"] { found.append(.raw(try raw.bytes())) }
        if let url = source["url"] { found.append(.url(try url.text())) }
        // Of data null is a value like any other (google.protobuf.Value).
        if let data = source["data"] {
            found.append(.data(data.ownBytes))
        } else if found.isEmpty, source.json["data"] != nil {
            found.append(.data(ByteBuffer(string: "null")))
        }
        guard let content = found.first, found.count == 1 else { throw source.problem(.notOneOf) }
        return content
    }

    private static func file(_ file: WireValue) throws(WireProblem) -> Content {
        let bytes = file["bytes"] ?? file["fileWithBytes"]
        let uri = file["uri"] ?? file["fileWithUri"]
        switch (bytes, uri) {
        case (.some(let bytes), nil): return .raw(try bytes.bytes())
        case (nil, .some(let uri)): return .url(try uri.text())
        case (nil, nil), (.some, .some): throw file.problem(.notOneOf)
        }
    }

    /// Takes a value of 1.0 out of the object it came in.
    private mutating func unwrap(_ source: WireValue) {
        guard let marked = source["metadata"], marked.json[Self.wrapperMark]?.bool == true, case .data(let bytes) = content else { return }
        let document = try? JSONDocument(parsing: bytes, limits: .message)  // a part of a document that parsed
        guard let value = document?.root[Self.wrappedValue] else { return }
        content = .data(value.compactBytes)
        metadata = marked.json.count > 1 ? marked.json.replacingMember(Self.wrapperMark, with: nil) : nil
    }

    /// Writes the part.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            switch dialect {
            case .v1_0: writeContent(to: &json)
            case .v0_3, .v0_3Proto: writeOlder(to: &json, as: dialect)
            }
        }
    }

    private func writeContent(to json: inout JSONWriter) {
        switch content {
        case .text(let text): json.member("text", text)
        case .raw(let bytes): json.base64("raw", bytes)
        case .url(let url): json.member("url", url)
        case .data(let value): json.member("data", raw: value)
        }
        json.optional("metadata", raw: metadata)
        json.optional("filename", filename)
        json.optional("mediaType", mediaType)
    }

    private func writeOlder(to json: inout JSONWriter, as dialect: A2ADialect) {
        let isProto = dialect == .v0_3Proto
        var metadata = metadata
        switch content {
        case .text(let text):
            if !isProto { json.member("kind", "text") }
            json.member("text", text)
        case .raw, .url:
            if !isProto { json.member("kind", "file") }
            json.object("file") { json in
                if case .raw(let bytes) = content { json.base64(isProto ? "fileWithBytes" : "bytes", bytes) }
                if case .url(let url) = content { json.member(isProto ? "fileWithUri" : "uri", url) }
                json.optional("mimeType", mediaType)
                json.optional("name", filename)
            }
        case .data(let value):
            if !isProto { json.member("kind", "data") }
            var object = value
            if value.readableBytesView.first != UInt8(ascii: "{") {
                object = Self.object(Self.wrappedValue, value)
                metadata = Self.marked(metadata)
            }
            json.member("data", raw: isProto ? Self.object("data", object) : object)
        }
        json.optional("metadata", raw: metadata)
    }

    private static func object(_ name: String, _ value: ByteBuffer) -> ByteBuffer {
        var json = JSONWriter()
        json.object { $0.member(name, raw: value) }
        return json.buffer
    }

    private static func marked(_ metadata: ByteBuffer?) -> ByteBuffer {
        let mark = ByteBuffer(string: "true")
        guard let metadata else { return object(wrapperMark, mark) }
        guard let document = try? JSONDocument(parsing: metadata, limits: .payload) else { return metadata }  // it was JSON when it came
        return document.root.replacingMember(wrapperMark, with: mark)
    }
}

extension JSONWriter {
    /// Writes a member with bytes as Base64.
    fileprivate mutating func base64(_ name: String, _ bytes: ByteBuffer) {
        key(name)
        string(utf8: Base64.encode(bytes))
    }
}
