import FoundationEssentials
import HubCore
import HubStore
import NIOCore

/// How definitions that were decided about are shown to people. What a server wrote stands there only so that it can be seen.
extension ToolApproval {
    /// One line.
    var line: String {
        let why = reason == .none ? "" : " (\(reason.words))"
        let found = readFindings.prefix(3).map { "; \($0)" }.joined()
        let decided = decidedAt.map { ", decided \(Self.time($0)) by \(decidedBy ?? "?")" } ?? ""
        return "\(VisibleText.escape("\(server)/\(tool)"))\t\(state.rawValue)\(why)\tseen \(Self.time(seenAt))\(decided)\(found)"
    }

    /// What was found, a sentence each.
    var readFindings: [String] {
        guard let document = try? JSONDocument(parsing: findings, limits: .payload) else { return [] }  // our own words; nothing to show
        return document.root.elements.map { finding in
            let text = { (name: String) in finding[name]?.string ?? "" }
            return "\(text("severity")): \(text("rule")) at \(text("place")): \(text("message")): \(text("excerpt"))"
        }
    }

    /// Writes all that is known of it.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("server", server)
        json.member("tool", tool)
        json.member("digest", digest)
        json.member("state", state.rawValue)
        json.member("reason", reason.rawValue)
        json.member("seenAt", Self.time(seenAt))
        if let decidedAt { json.member("decidedAt", Self.time(decidedAt)) }
        if let decidedBy { json.member("decidedBy", decidedBy) }
        json.member("findings", raw: findings)
        json.member("definition", raw: definition)
        json.endObject()
    }

    /// A time as RFC 3339 writes it.
    fileprivate static func time(_ seconds: Int64) -> String { Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601) }
}

extension ToolApproval.Reason {
    fileprivate var words: String {
        switch self {
        case .none: ""
        case .new: "new since the server was taken"
        case .changed: "changed since it was taken"
        case .suspicious: "looks like an attack"
        }
    }
}

extension ApprovalEvent {
    /// One line.
    var line: String {
        "\(ToolApproval.time(at)) \(action.rawValue) by \(actor)\(note.isEmpty ? "" : ": \(VisibleText.escape(note))") \(digest)"
    }

    /// Writes all of it.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("at", ToolApproval.time(at))
        json.member("action", action.rawValue)
        json.member("actor", actor)
        json.member("note", note)
        json.member("digest", digest)
        json.endObject()
    }
}

extension DefinitionDifference {
    /// Writes the changes, each with its place.
    func write(to json: inout JSONWriter) {
        json.beginArray()
        for change in changes {
            json.beginObject()
            json.member("place", change.pointer)
            if let old = change.old { json.member("old", old) }
            if let new = change.new { json.member("new", new) }
            json.endObject()
        }
        json.endArray()
    }
}
