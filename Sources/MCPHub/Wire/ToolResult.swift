import HubCore
import NIOCore

/// Puts the answer of an upstream into the words of `tools/call`.
///
/// 1. A failure (status 400 and above, or a redirect, which is not followed) is `isError` with the status and a short body.
/// 2. No body: a line that says so.
/// 3. JSON: text, and `structuredContent` where the revision knows it: any value from 2026-07-28 on, objects from 2025-06-18 on.
/// 4. Text in its character set; images and audio as such; all else as an embedded resource.
/// 5. Without a media type: JSON if it parses, else text if it is UTF-8, else a resource.
/// 6. What has to be said about the answer: text behind it.
struct ToolResult {
    let revision: ProtocolRevision
    /// Names the answer where it becomes a resource.
    let resourceURI: String
    /// The longest part of a failure's body that is passed on, in bytes.
    static let maximumErrorBytes = 4096
    /// The longest answer that is turned into a result, in bytes; upstreams have a limit of their own before it.
    static let maximumBytes = 64 << 20

    /// Writes the members `content`, `structuredContent` and `isError` of a result.
    ///
    /// What has to be said about the answer stands in blocks of its own behind it, so that the JSON before stays what `structuredContent` is.
    ///
    /// - Parameter distrusted: the server whose words the answer is, where they are not trusted: it is said before them.
    func write(_ response: CallResponse, body: ByteBuffer, distrusted: String? = nil, to json: inout JSONWriter) {
        guard response.status < 300 else { return writeFailure(response, body: body, distrusted: distrusted, to: &json) }
        let type = response.contentType.flatMap { MediaType($0) }
        var document = response.document
        if document == nil, body.readableBytes > 0, type?.isJSON ?? true {
            document = try? JSONDocument(parsing: body, limits: .payload)  // not JSON: text, below
        }
        json.key("content")
        json.beginArray()
        if let distrusted { writeText(Distrust.notice(of: distrusted), to: &json) }
        if body.readableBytes == 0 {
            if response.notes.isEmpty { writeText("Done: HTTP \(response.status), no content.", to: &json) }
        } else if let document {
            writeBlock("text", to: &json) { json in
                json.key("text")
                json.string(utf8: document.bytes)
            }
        } else {
            writeBlock(for: body, type, to: &json)
        }
        for note in response.notes { writeText(note, to: &json) }
        json.endArray()
        if let document, revision.isModern || (revision >= .v2025_06_18 && document.root.kind == .object) {
            json.member("structuredContent", raw: document.root.rawBytes)
        }
        json.member("isError", false)
    }

    /// Writes a result that says why there is no answer.
    func write(_ error: HubError, to json: inout JSONWriter) { writeError(error.message, to: &json) }

    private func writeError(_ message: String, distrusted: String? = nil, to json: inout JSONWriter) {
        json.key("content")
        json.beginArray()
        if let distrusted { writeText(Distrust.notice(of: distrusted), to: &json) }
        writeText(message, to: &json)
        json.endArray()
        json.member("isError", true)
    }

    private func writeFailure(_ response: CallResponse, body: ByteBuffer, distrusted: String?, to json: inout JSONWriter) {
        var message = "HTTP \(response.status)"
        let type = response.contentType.flatMap { MediaType($0) }
        if response.status < 400 {
            message += ": the upstream redirects, which is not followed"
        } else if type?.isHTML == true {
            // A page is mostly markup: more of it is looked at than is passed on.
            let text = HTMLText.reduce(Self.text(Self.excerpt(body, HTMLText.maximumBytes), charset: type?.charset))
            if !text.isEmpty { message += "\n" + text }
        } else if type.map({ $0.isJSON || $0.isText }) ?? Self.isUTF8(body) {
            let text = Self.text(Self.excerpt(body, Self.maximumErrorBytes), charset: type?.charset)
            if !text.isEmpty { message += "\n" + text }
            if body.readableBytes > Self.maximumErrorBytes { message += "…" }
        }
        writeError(message, distrusted: distrusted, to: &json)
    }

    // MARK: Blocks

    private func writeBlock(for body: ByteBuffer, _ type: MediaType?, to json: inout JSONWriter) {
        if let type, !type.isJSON {
            if type.isImage { return writeBinary("image", body, type, to: &json) }
            if type.isAudio, revision >= .v2025_03_26 { return writeBinary("audio", body, type, to: &json) }
            guard type.isText else { return writeResource(body, mimeType: type.essence, to: &json) }
        } else if type == nil, !Self.isUTF8(body) {
            return writeResource(body, mimeType: "application/octet-stream", to: &json)
        }
        writeText(Self.text(body, charset: type?.charset), to: &json)
    }

    private func writeText(_ text: String, to json: inout JSONWriter) {
        writeBlock("text", to: &json) { $0.member("text", text) }
    }

    private func writeBinary(_ kind: String, _ body: ByteBuffer, _ type: MediaType, to json: inout JSONWriter) {
        writeBlock(kind, to: &json) { json in
            json.key("data")
            json.string(utf8: Base64.encode(body))
            json.member("mimeType", type.essence)
        }
    }

    private func writeResource(_ body: ByteBuffer, mimeType: String, to json: inout JSONWriter) {
        writeBlock("resource", to: &json) { json in
            json.key("resource")
            json.beginObject()
            json.member("uri", resourceURI)
            json.member("mimeType", mimeType)
            json.key("blob")
            json.string(utf8: Base64.encode(body))
            json.endObject()
        }
    }

    private func writeBlock(_ type: String, to json: inout JSONWriter, members: (inout JSONWriter) -> Void) {
        json.beginObject()
        json.member("type", type)
        members(&json)
        json.endObject()
    }

    // MARK: Text

    /// The beginning of a body, without half a character of UTF-8 at its end.
    private static func excerpt(_ body: ByteBuffer, _ limit: Int) -> ByteBuffer {
        guard body.readableBytes > limit else { return body }
        return body.getSlice(at: body.readerIndex, length: TextCut.characterStart(in: body, upTo: limit)) ?? body
    }

    private static func isUTF8(_ body: ByteBuffer) -> Bool { String(validating: body.readableBytesView, as: UTF8.self) != nil }

    /// The text of a body; what its character set does not cover becomes U+FFFD.
    private static func text(_ body: ByteBuffer, charset: String?) -> String {
        switch charset {
        case "iso-8859-1", "latin1", "windows-1252", "us-ascii":
            // HTML and the mail of the world call windows-1252 by all these names; it has letters where ISO 8859-1 has controls.
            String(String.UnicodeScalarView(body.readableBytesView.map { windows1252[Int($0)] }))
        case "utf-16", "utf-16le", "utf-16be":
            utf16Text(body, isLittleEndian: charset != "utf-16be")
        default: String(decoding: body.readableBytesView, as: UTF8.self)
        }
    }

    private static let windows1252: [Unicode.Scalar] = {
        let upper = Array("€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ".unicodeScalars)
        return (0...255).map { 0x80...0x9F ~= $0 ? upper[$0 - 0x80] : Unicode.Scalar(UInt8($0)) }
    }()

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
