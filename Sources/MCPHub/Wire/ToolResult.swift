import HubCore
import NIOCore

/// Puts the answer of an upstream into the words of `tools/call`.
///
/// 1. A failure (status 400 and above, or a redirect, which is not followed) is `isError` with the status and a short body.
/// 2. No body: a line that says so.
/// 3. JSON: text, and `structuredContent` where the revision knows it: any value from 2026-07-28 on, objects from 2025-06-18 on.
/// 4. Text in its character set; images and audio as such; all else as an embedded resource.
/// 5. Without a media type: JSON if it parses, else text if it is UTF-8, else a resource.
struct ToolResult {
    let revision: ProtocolRevision
    /// Names the answer where it becomes a resource.
    let resourceURI: String
    /// The longest part of a failure's body that is passed on, in bytes.
    static let maximumErrorBytes = 4096
    /// The longest answer that is turned into a result, in bytes; upstreams have a limit of their own before it.
    static let maximumBytes = 64 << 20

    /// Writes the members `content`, `structuredContent` and `isError` of a result.
    func write(_ response: CallResponse, body: ByteBuffer, to json: inout JSONWriter) {
        guard response.status < 300 else { return writeFailure(response, body: body, to: &json) }
        let type = response.contentType.flatMap { MediaType($0) }
        if body.readableBytes == 0 {
            writeText("Done: HTTP \(response.status), no content.", to: &json)
        } else if let type, !type.isJSON {
            if type.isImage {
                writeBinary("image", body, type, to: &json)
            } else if type.isAudio, revision >= .v2025_03_26 {
                writeBinary("audio", body, type, to: &json)
            } else if type.isText {
                writeText(Self.text(body, charset: type.charset), to: &json)
            } else {
                writeResource(body, mimeType: type.essence, to: &json)
            }
        } else if let document = try? JSONDocument(parsing: body, limits: .payload) {  // not JSON: handled as text below
            writeJSON(document, to: &json)
        } else if type != nil || Self.isUTF8(body) {
            writeText(Self.text(body, charset: type?.charset), to: &json)
        } else {
            writeResource(body, mimeType: "application/octet-stream", to: &json)
        }
        json.member("isError", false)
    }

    /// Writes a result that says why there is no answer.
    func write(_ error: HubError, to json: inout JSONWriter) {
        writeText(error.message, to: &json)
        json.member("isError", true)
    }

    private func writeFailure(_ response: CallResponse, body: ByteBuffer, to json: inout JSONWriter) {
        var message = "HTTP \(response.status)"
        let type = response.contentType.flatMap { MediaType($0) }
        if response.status < 400 {
            message += ": the upstream redirects, which is not followed"
        } else if type.map({ $0.isJSON || $0.isText }) ?? Self.isUTF8(body) {
            let excerpt = body.getSlice(at: body.readerIndex, length: min(body.readableBytes, Self.maximumErrorBytes))
            var text = excerpt.map { Self.text($0, charset: type?.charset) } ?? ""
            if type?.isHTML == true { text = HTMLText.reduce(text) }
            if !text.isEmpty { message += "\n" + text }
            if body.readableBytes > Self.maximumErrorBytes { message += "…" }
        }
        writeText(message, to: &json)
        json.member("isError", true)
    }

    private func writeJSON(_ document: JSONDocument, to json: inout JSONWriter) {
        writeContent("text", to: &json) { json in
            json.key("text")
            json.string(utf8: document.bytes)
        }
        if revision.isModern || (revision >= .v2025_06_18 && document.root.kind == .object) {
            json.member("structuredContent", raw: document.root.rawBytes)
        }
    }

    private func writeText(_ text: String, to json: inout JSONWriter) {
        writeContent("text", to: &json) { $0.member("text", text) }
    }

    private func writeBinary(_ kind: String, _ body: ByteBuffer, _ type: MediaType, to json: inout JSONWriter) {
        writeContent(kind, to: &json) { json in
            json.key("data")
            json.string(utf8: Base64.encode(body))
            json.member("mimeType", type.essence)
        }
    }

    private func writeResource(_ body: ByteBuffer, mimeType: String, to json: inout JSONWriter) {
        writeContent("resource", to: &json) { json in
            json.key("resource")
            json.beginObject()
            json.member("uri", resourceURI)
            json.member("mimeType", mimeType)
            json.key("blob")
            json.string(utf8: Base64.encode(body))
            json.endObject()
        }
    }

    /// The member `content` with its one block.
    private func writeContent(_ type: String, to json: inout JSONWriter, members: (inout JSONWriter) -> Void) {
        json.key("content")
        json.beginArray()
        json.beginObject()
        json.member("type", type)
        members(&json)
        json.endObject()
        json.endArray()
    }

    private static func isUTF8(_ body: ByteBuffer) -> Bool { String(validating: body.readableBytesView, as: UTF8.self) != nil }

    /// The text of a body; what its character set does not cover becomes U+FFFD.
    private static func text(_ body: ByteBuffer, charset: String?) -> String {
        switch charset {
        case "iso-8859-1", "latin1", "windows-1252":
            String(String.UnicodeScalarView(body.readableBytesView.map { Unicode.Scalar($0) }))
        case "utf-16", "utf-16le", "utf-16be":
            utf16Text(body, isLittleEndian: charset != "utf-16be")
        default: String(decoding: body.readableBytesView, as: UTF8.self)
        }
    }

    private static func utf16Text(_ body: ByteBuffer, isLittleEndian: Bool) -> String {
        var (bytes, units, endianness) = (body, [UInt16](), isLittleEndian ? Endianness.little : .big)
        while let unit = bytes.readInteger(endianness: endianness, as: UInt16.self) {
            switch (units.isEmpty, unit) {
            case (true, 0xFEFF): continue
            case (true, 0xFFFE): endianness = endianness == .little ? .big : .little
            default: units.append(unit)
            }
        }
        return String(decoding: units, as: UTF16.self)
    }
}

/// Reduces an HTML error page to what a model can use.
enum HTMLText {
    /// The text without tags, scripts and styles, white space folded, at most 600 characters.
    static func reduce(_ html: String) -> String {
        var result = ""
        var rest = html[...]
        while let open = rest.firstIndex(of: "<") {
            result += rest[..<open] + " "
            let name = rest[open...].dropFirst().prefix { $0.isLetter }.lowercased()
            if name == "script" || name == "style", let end = rest.firstRange(of: "</\(name)") { rest = rest[end.upperBound...] }
            guard let close = rest[max(open, rest.startIndex)...].firstIndex(of: ">") else {
                rest = rest[rest.endIndex...]
                break
            }
            rest = rest[rest.index(after: close)...]
        }
        result += rest
        let words = result.split { $0.isWhitespace }.joined(separator: " ")
        return String(words.prefix(600))
    }
}
