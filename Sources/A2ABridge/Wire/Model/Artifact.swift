import HubCore
import NIOCore

/// What a task made.
struct Artifact: Sendable, Hashable {
    /// Unique within its task.
    var artifactID: String
    /// A name for people.
    var name: String?
    /// What it is.
    var description: String?
    /// What it consists of.
    var parts: [MessagePart]
    /// A JSON object of anything.
    var metadata: ByteBuffer?
    /// The URIs of the extensions that had a hand in it.
    var extensions: [String] = []
}

extension Artifact {
    /// Reads an artifact.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        artifactID = try source.requiredText("artifactId")
        name = try source.text("name")
        description = try source.text("description")
        parts = try source.list("parts") { part throws(WireProblem) in try MessagePart(part) }
        metadata = try source.anything("metadata")
        extensions = try source.texts("extensions")
    }

    /// Writes the artifact.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            json.member("artifactId", artifactID)
            json.optional("name", name)
            json.optional("description", description)
            json.list("parts", parts) { part, json in part.write(to: &json, as: dialect) }
            json.optional("metadata", raw: metadata)
            json.optional("extensions", extensions)
        }
    }
}
