import HubCore

extension ClientCapabilities {
    /// What makes a server ask.
    static let questions: ClientCapabilities = [.elicitationForm, .elicitationURL, .sampling, .roots]

    /// Writes `ClientCapabilities` of the schemas: an object.
    func write(to json: inout JSONWriter, isModern: Bool) {
        json.beginObject()
        if !isDisjoint(with: [.elicitationForm, .elicitationURL]) {
            json.key("elicitation")
            json.flags([("form", contains(.elicitationForm)), ("url", contains(.elicitationURL))])
        }
        if contains(.sampling) {
            json.key("sampling")
            json.flags([("tools", contains(.samplingTools))])
        }
        if contains(.roots) {
            json.key("roots")
            json.beginObject()
            if contains(.rootsChanges), !isModern { json.member("listChanged", true) }
            json.endObject()
        }
        let hasTasks = isModern && contains(.tasks)
        if hasTasks || contains(.apps) {
            json.key("extensions")
            json.beginObject()
            if hasTasks {
                json.key(ServerExtensions.tasksName)
                json.flags([])
            }
            if contains(.apps) {
                json.key(ServerExtensions.appsName)
                json.beginObject()
                json.member("mimeTypes", ["text/html;profile=mcp-app"])
                json.endObject()
            }
            json.endObject()
        }
        json.endObject()
    }
}

extension JSONWriter {
    /// An object with an empty object for each name that holds.
    fileprivate mutating func flags(_ flags: [(name: String, holds: Bool)]) {
        beginObject()
        for flag in flags where flag.holds {
            key(flag.name)
            beginObject()
            endObject()
        }
        endObject()
    }
}
