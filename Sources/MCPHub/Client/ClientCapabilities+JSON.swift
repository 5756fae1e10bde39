import HubCore
import NIOCore

extension ClientCapabilities {
    /// What the members of `ClientCapabilities` say, those of any revision. What the hub does not carry is left out.
    init(_ capabilities: JSONValue?) {
        self = []
        guard let capabilities else { return }
        if let elicitation = capabilities["elicitation"], elicitation.kind == .object {
            // 2025-11-25 client/elicitation, "Capabilities": an empty object means forms, as it did before there was anything else.
            let takesURLs = elicitation["url"] != nil
            if takesURLs { insert(.elicitationURL) }
            if elicitation["form"] != nil || !takesURLs { insert(.elicitationForm) }
        }
        if let sampling = capabilities["sampling"], sampling.kind == .object {
            insert(.sampling)
            if sampling["tools"] != nil { insert(.samplingTools) }
        }
        if let roots = capabilities["roots"], roots.kind == .object {
            insert(.roots)
            if roots["listChanged"]?.bool == true { insert(.rootsChanges) }
        }
        if let extensions = capabilities["extensions"] {
            if extensions[ServerExtensions.tasksName]?.kind == .object { insert(.tasks) }
            if extensions[ServerExtensions.appsName]?.kind == .object { insert(.apps) }
        }
    }

    /// What a client can be asked for at all.
    static let askable: ClientCapabilities = [.elicitationForm, .elicitationURL, .sampling, .samplingTools, .roots]

    /// What a client must be able to do to be asked this; nil for what no client is asked.
    init?(neededFor method: String, params: JSONValue?) {
        switch method {
        case "elicitation/create": self = params?["mode"]?.isString("url") == true ? .elicitationURL : .elicitationForm
        case "sampling/createMessage":
            self = (params?["tools"]?.count ?? 0) > 0 ? [.sampling, .samplingTools] : .sampling
        case "roots/list": self = .roots
        default: return nil
        }
    }

    /// Writes them as the object that a client would declare.
    func write(to json: inout JSONWriter) {
        func write(_ name: String, _ parts: [(String, ClientCapabilities)]) {
            json.key(name)
            json.beginObject()
            for (part, capability) in parts where contains(capability) {
                json.key(part)
                json.raw("{}")
            }
            json.endObject()
        }
        json.beginObject()
        if !isDisjoint(with: [.elicitationForm, .elicitationURL]) {
            write("elicitation", [("form", .elicitationForm), ("url", .elicitationURL)])
        }
        if !isDisjoint(with: [.sampling, .samplingTools]) { write("sampling", [("tools", .samplingTools)]) }
        if contains(.roots) { write("roots", []) }
        if contains(.tasks) { write("extensions", [(ServerExtensions.tasksName, .tasks)]) }
        json.endObject()
    }
}

extension ClientRequest {
    /// What a client must be able to do to be asked this; nil for what no client is asked.
    var needs: ClientCapabilities? {
        let document = try? JSONDocument(parsing: params, limits: .payload)  // no JSON: nothing is known of it
        return ClientCapabilities(neededFor: method, params: document?.root)
    }

    /// The same without what its `_meta` says about the hop that it came by.
    var forNextHop: ClientRequest {
        guard let document = try? JSONDocument(parsing: params, limits: .payload),  // no JSON: refused by `check`, where it matters
            let meta = document.root["_meta"]
        else { return self }
        return ClientRequest(method: method, params: document.root.replacingMember("_meta", with: CallerMeta.passed(meta)))
    }

    /// - Throws: `JSONRPCError`, as a client of these capabilities would answer.
    func check(against capabilities: ClientCapabilities) throws(JSONRPCError) {
        guard let needs, capabilities.isSuperset(of: needs) else {
            throw JSONRPCError(.methodNotFound, "The client has not declared that it can be asked this")
        }
    }
}
