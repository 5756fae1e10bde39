import HubCore
import NIOCore

/// What was said in a conversation with a model, as text, and no more of it than a number of bytes: the oldest is forgotten first.
///
/// It is noted with each task that ended well, and the next of the conversation begins with it: no log is read again. Files are not in it.
struct ModelHistory: Sendable, Hashable {
    /// One message.
    struct Entry: Sendable, Hashable {
        /// Whether the model said it.
        var isModel: Bool
        /// What was said.
        var text: String
    }

    /// The messages, oldest first; the first is the client's.
    private(set) var entries: [Entry] = []
    private let limit: Int

    /// The most messages.
    private static let most = 100

    /// A history.
    ///
    /// - Parameters:
    ///   - note: what was noted; nil: nothing was said.
    ///   - limit: the most bytes.
    init(_ note: ByteBuffer?, limit: Int) {
        self.limit = limit
        // What is no note says nothing.
        let root = note.flatMap { try? JSONDocument(parsing: $0, limits: .payload).root }
        for entry in (root?["said"]?.elements ?? .none).prefix(Self.most) {
            guard let text = entry["text"]?.string else { continue }
            entries.append(Entry(isModel: entry["model"]?.bool ?? false, text: text))
        }
        trim()
    }

    /// Takes a question and its answer.
    mutating func add(_ question: String, _ answer: String) {
        entries.append(Entry(isModel: false, text: question))
        entries.append(Entry(isModel: true, text: answer))
        trim()
    }

    private mutating func trim() {
        var size = entries.reduce(0) { $0 + $1.text.utf8.count }
        var first = 0
        while first < entries.count, size > limit || entries.count - first > Self.most || entries[first].isModel {
            size -= entries[first].text.utf8.count
            first += 1
        }
        entries.removeFirst(first)
    }

    /// As it is noted.
    var bytes: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.list("said", entries) { entry, json in
                json.object { json in
                    if entry.isModel { json.member("model", true) }
                    json.member("text", entry.text)
                }
            }
        }
        return json.buffer
    }
}
