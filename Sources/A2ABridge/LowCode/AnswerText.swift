import HubCore
import NIOCore

/// Hands over text that comes in small pieces as an artifact of larger ones.
///
/// A log holds so many entries: the more there are already, the more text waits for the next. Where nobody follows, all of them are large.
struct AnswerText {
    /// The artifact.
    let id: String
    /// A name for people.
    let name: String
    /// Whether somebody follows.
    let isStreamed: Bool
    /// Whether there is text.
    var hasText: Bool { hasBegun || !held.isEmpty }

    private var held = ""
    private var hasBegun = false
    private var pieces = 0
    private var total = 0

    /// The longest text, in bytes.
    private static let maximumBytes = 16 << 20
    private static let largePiece = 16 << 10

    /// No text yet.
    init(id: String, name: String, isStreamed: Bool) { (self.id, self.name, self.isStreamed) = (id, name, isStreamed) }

    /// How many bytes are worth an entry.
    private var worth: Int { !isStreamed || pieces >= 2_048 ? Self.largePiece : pieces >= 512 ? 512 : 1 }

    /// Takes some more text.
    ///
    /// - Throws: `HubError` with `.tooLarge`.
    mutating func add(_ text: String) throws(HubError) {
        total += text.utf8.count
        guard total <= Self.maximumBytes else { throw HubError(.tooLarge, "The application's answer is too large") }
        held += text
    }

    /// Tells of what was added, where it is enough.
    mutating func flush(_ tell: (AgentOutput) async throws -> Void) async throws {
        guard held.utf8.count >= worth else { return }
        try await write(isLast: false, metadata: nil, tell)
    }

    /// Another text stands in the place of all that came.
    mutating func replace(_ text: String, _ tell: (AgentOutput) async throws -> Void) async throws {
        held = ""
        try add(text)
        guard hasBegun else { return }
        hasBegun = false
        try await write(isLast: false, metadata: nil, tell)
    }

    /// Tells of the rest. Nothing follows.
    ///
    /// - Parameter metadata: of the artifact: an object.
    mutating func end(metadata: ByteBuffer?, _ tell: (AgentOutput) async throws -> Void) async throws {
        guard hasText else { return }
        try await write(isLast: true, metadata: metadata, tell)
    }

    private mutating func write(isLast: Bool, metadata: ByteBuffer?, _ tell: (AgentOutput) async throws -> Void) async throws {
        let part = MessagePart(content: .text(held))
        let artifact = Artifact(artifactID: id, name: name, parts: [part], metadata: metadata)
        let append = hasBegun
        (held, hasBegun) = ("", true)
        pieces += 1
        try await tell(.artifact(artifact, append: append, isLast: isLast))
    }
}
