import NIOCore

/// How much memory things take, about: the texts and bytes they hold, and a little for themselves.
extension MessagePart {
    /// In bytes.
    var size: Int {
        let held =
            switch content {
            case .text(let text), .url(let text): text.utf8.count
            case .raw(let bytes), .data(let bytes): bytes.readableBytes
            }
        return 128 + held + (metadata?.readableBytes ?? 0) + (filename?.utf8.count ?? 0) + (mediaType?.utf8.count ?? 0)
    }
}

extension AgentMessage {
    /// In bytes.
    var size: Int {
        let texts = [messageID, contextID ?? "", taskID ?? ""] + extensions + referenceTaskIDs
        return 256 + texts.reduce(0) { $0 + 16 + $1.utf8.count } + parts.reduce(metadata?.readableBytes ?? 0) { $0 + $1.size }
    }
}

extension Artifact {
    /// In bytes.
    var size: Int {
        let texts = [artifactID, name ?? "", description ?? ""] + extensions
        return 256 + texts.reduce(0) { $0 + 16 + $1.utf8.count } + parts.reduce(metadata?.readableBytes ?? 0) { $0 + $1.size }
    }
}

extension AgentTask {
    /// In bytes.
    var size: Int {
        let said = history.reduce(status.message?.size ?? 0) { $0 + $1.size }
        return artifacts.reduce(said + (metadata?.readableBytes ?? 0)) { $0 + $1.size }
    }
}

extension TaskLog.Entry {
    /// In bytes.
    var size: Int {
        switch self {
        case .message(let message), .reply(let message): message.size
        case .note(let note): 128 + note.readableBytes
        case .status(let status, let metadata): 128 + (status.message?.size ?? 0) + (metadata?.readableBytes ?? 0)
        case .artifact(let update): 128 + update.artifact.size + (update.metadata?.readableBytes ?? 0)
        }
    }
}
