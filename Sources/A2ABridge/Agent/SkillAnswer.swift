import HubCore
import NIOCore

/// Puts the answer of a tool into artifacts.
///
/// 1. A failure (status 300 and above, or a result that says so) ends the task as failed, with the beginning of its text. 2. JSON is a data part.
/// 3. Text is a text part; where somebody follows, long text comes in pieces. 4. All else is a raw part with its media type. 5. Of a result of
/// another server's tool each block is a part. 6. What is to be said about the answer stands in the last status.
struct SkillAnswer {
    let skill: String
    let isStreamed: Bool

    /// The longest answer, in bytes: a log holds several.
    static let maximumBytes = 16 << 20
    /// The longest part of a failure's body that is passed on, in bytes.
    private static let maximumErrorBytes = 4096
    /// How much text an event has where it comes in pieces, in bytes.
    private static let pieceBytes = 16 << 10

    /// Tells of an answer, up to the end of the task.
    func tell(_ response: CallResponse, _ tell: (AgentOutput) async throws -> Void) async throws {
        let type = response.contentType.flatMap { MediaType($0) }
        guard response.status < 300 else {
            let body = try await response.body.collect(upTo: Self.maximumBytes)
            return try await tell(.status(.failed, saying: [Self.text(Self.failure(response.status, type, body))]))
        }
        if response.form == .http, isStreamed, type?.isText == true, case .stream(let stream) = response.body {
            try await tellPieces(of: stream, type, tell)
        } else {
            let body = try await response.body.collect(upTo: Self.maximumBytes)
            // What does not parse is no JSON, whatever its type says.
            let document = response.document ?? (type?.isJSON ?? true ? try? JSONDocument(parsing: body, limits: .payload) : nil)
            if response.form == .toolResult, let result = document?.root {
                guard try await tellResult(result, tell) else { return }
            } else if body.readableBytes > 0 {
                try await tellBody(body, document, type, tell)
            }
        }
        try await tell(.status(.completed, saying: response.notes.map(Self.text)))
    }

    private static func failure(_ status: Int, _ type: MediaType?, _ body: ByteBuffer) -> String {
        let message = "HTTP \(status)"
        if status < 400 { return message + ": the upstream redirects, which is not followed" }
        guard type.map({ ($0.isJSON || $0.isText) && !$0.isHTML }) ?? false, body.readableBytes > 0 else { return message }
        let end = TextCut.characterStart(in: body, upTo: min(maximumErrorBytes, body.readableBytes))
        let text = body.getSlice(at: body.readerIndex, length: end).map { String(buffer: $0) } ?? ""
        return "\(message)\n\(text)\(end < body.readableBytes ? "…" : "")"
    }

    private func tellBody(
        _ body: ByteBuffer, _ document: JSONDocument?, _ type: MediaType?, _ tell: (AgentOutput) async throws -> Void
    ) async throws {
        let whole = Self.part(body, document, type)
        guard case .text = whole.content else { return try await tell(.artifact(artifact([whole]))) }
        guard isStreamed, body.readableBytes > Self.pieceBytes else { return try await tell(.artifact(artifact([whole]))) }
        var (rest, isFirst) = (body, true)
        while rest.readableBytes > 0 {
            let length = TextCut.characterStart(in: rest.slice(), upTo: min(Self.pieceBytes, rest.readableBytes))
            guard let piece = rest.readSlice(length: max(1, length)) else { break }
            let part = Self.text(String(buffer: piece), type)
            try await tell(.artifact(artifact([part]), append: !isFirst, isLast: rest.readableBytes == 0))
            isFirst = false
        }
    }

    /// A whole body as one part.
    private static func part(_ body: ByteBuffer, _ document: JSONDocument?, _ type: MediaType?) -> MessagePart {
        if let document {
            return MessagePart(
                content: .data(ByteBuffer(bytes: document.root.compactBytes.readableBytesView)), mediaType: "application/json")
        }
        let isText = type?.isText ?? (String(validating: body.readableBytesView, as: UTF8.self) != nil)
        return isText
            ? text(String(buffer: body), type)
            : MessagePart(content: .raw(body), mediaType: type?.essence ?? "application/octet-stream")
    }

    /// The parts of an answer that somebody looks at before it is told, and whether it is a failure.
    func parts(of response: CallResponse) async throws -> (parts: [MessagePart], isFailure: Bool) {
        let type = response.contentType.flatMap { MediaType($0) }
        let body = try await response.body.collect(upTo: Self.maximumBytes)
        guard response.status < 300 else { return ([Self.text(Self.failure(response.status, type, body))], true) }
        // As in `tell`.
        let document = response.document ?? (type?.isJSON ?? true ? try? JSONDocument(parsing: body, limits: .payload) : nil)
        if response.form == .toolResult, let result = document?.root { return Self.parts(ofResult: result) }
        return (body.readableBytes > 0 ? [Self.part(body, document, type)] : [], false)
    }

    /// Text as it comes, each piece with whole characters.
    private func tellPieces(of stream: any BodyStream, _ type: MediaType?, _ tell: (AgentOutput) async throws -> Void) async throws {
        var (held, total, isFirst) = (ByteBuffer(), 0, true)
        do {
            while let piece = try await stream.next() {
                total += piece.readableBytes
                guard total <= Self.maximumBytes else { throw HubError(.tooLarge, "The answer is too large") }
                held.writeImmutableBuffer(piece)
                let end = Self.wholeCharacters(held)
                guard end > 0, let whole = held.readSlice(length: end) else { continue }
                try await tell(.artifact(artifact([Self.text(String(buffer: whole), type)]), append: !isFirst, isLast: false))
                isFirst = false
                held.discardReadBytes()
            }
        } catch {
            stream.cancel()
            throw error
        }
        guard !isFirst || held.readableBytes > 0 else { return }
        try await tell(.artifact(artifact([Self.text(String(buffer: held), type)]), append: !isFirst, isLast: true))
    }

    /// How many bytes come before a character that has only begun.
    private static func wholeCharacters(_ bytes: ByteBuffer) -> Int {
        let view = bytes.readableBytesView
        for back in 1...4 where view.count >= back {
            let byte = view[view.endIndex - back]
            guard byte & 0xC0 != 0x80 else { continue }
            let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            return length > back ? view.count - back : view.count
        }
        return view.count
    }

    // MARK: Results of tools of other servers

    /// Tells of a result; false where the task has ended with it.
    private func tellResult(_ result: JSONValue, _ tell: (AgentOutput) async throws -> Void) async throws -> Bool {
        let (parts, isFailure) = Self.parts(ofResult: result)
        if isFailure {
            try await tell(.status(.failed, saying: parts))
        } else if !parts.isEmpty {
            try await tell(.artifact(artifact(parts)))
        }
        return !isFailure
    }

    private static func parts(ofResult result: JSONValue) -> (parts: [MessagePart], isFailure: Bool) {
        let parts = (result["content"]?.elements ?? .none).compactMap(part)
        if let type = result["resultType"]?.string, type != "complete" {
            return ([text("The skill wants something that an agent cannot give it")], true)
        }
        if result["isError"]?.bool == true { return (parts.isEmpty ? [text("The skill failed")] : parts, true) }
        guard let structured = result["structuredContent"], !structured.isNull else { return (parts, false) }
        // The text of it is for clients that know no structure.
        let others = parts.filter { if case .text = $0.content { false } else { true } }
        let bytes = ByteBuffer(bytes: structured.compactBytes.readableBytesView)
        return ([MessagePart(content: .data(bytes), mediaType: "application/json")] + others, false)
    }

    private static func part(_ block: JSONValue) -> MessagePart? {
        let type = block["mimeType"]?.string
        switch block["type"]?.string {
        case "text": return block["text"]?.string.map { text($0) }
        case "image", "audio": return block["data"]?.string.flatMap(bytes).map { MessagePart(content: .raw($0), mediaType: type) }
        case "resource_link":
            return block["uri"]?.string.map { MessagePart(content: .url($0), filename: block["name"]?.string, mediaType: type) }
        case "resource":
            let (resource, type) = (block["resource"], block[path: "resource", "mimeType"]?.string)
            if let content = resource?["text"]?.string { return MessagePart(content: .text(content), mediaType: type) }
            return resource?["blob"]?.string.flatMap(bytes).map { MessagePart(content: .raw($0), mediaType: type) }
        default: return nil
        }
    }

    private static func bytes(_ base64: String) -> ByteBuffer? { Base64.decode(utf8: Array(base64.utf8)).map { ByteBuffer(bytes: $0) } }

    private static func text(_ text: String) -> MessagePart { MessagePart(content: .text(text)) }
    private static func text(_ text: String, _ type: MediaType?) -> MessagePart {
        MessagePart(content: .text(text), mediaType: type?.essence)
    }

    private func artifact(_ parts: [MessagePart]) -> Artifact { Artifact(artifactID: "answer", name: skill, parts: parts) }

    /// What a model is told of parts: text as it is, data as JSON, of all else what it is.
    static func summary(_ parts: [MessagePart]) -> String {
        parts.map { part in
            switch part.content {
            case .text(let text): text
            case .data(let bytes): String(buffer: bytes)
            case .raw(let bytes): "[\(part.mediaType ?? "a file"), \(bytes.readableBytes) bytes]"
            case .url(let url): "[\(part.mediaType ?? "a file") at \(url)]"
            }
        }.joined(separator: "\n")
    }
}
