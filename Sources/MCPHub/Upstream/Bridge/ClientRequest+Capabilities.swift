import HubCore
import NIOCore

extension ClientRequest {
    /// Why a client that can do this much is not asked; nil: it is. A kind of question that it does not know at all is an unknown method; a
    /// form of one that it does not know is a bad parameter (2025-11-25 client, "Error Handling").
    func refusal(by capabilities: ClientCapabilities) -> JSONRPCError? {
        let parameters: JSONValue
        do throws(JSONParseError) {
            parameters = try JSONDocument(parsing: params, limits: .message).root
        } catch {
            return JSONRPCError(.invalidParams, "The parameters are malformed")
        }
        return refusal(by: capabilities, parameters)
    }

    private func refusal(by capabilities: ClientCapabilities, _ parameters: JSONValue) -> JSONRPCError? {
        switch method {
        case "elicitation/create":
            guard !capabilities.isDisjoint(with: [.elicitationForm, .elicitationURL]) else { break }
            let mode = parameters["mode"]?.string ?? "form"
            if mode == "form", capabilities.contains(.elicitationForm) { return nil }
            if mode == "url", capabilities.contains(.elicitationURL) { return nil }
            return JSONRPCError(.invalidParams, "The client does not take elicitation in the mode \(mode.prefix(16))")
        case "sampling/createMessage":
            guard capabilities.contains(.sampling) else { break }
            let hasTools = ["tools", "toolChoice"].contains { name in parameters[name].map { !$0.isNull } ?? false }
            guard hasTools, !capabilities.contains(.samplingTools) else { return nil }
            return JSONRPCError(.invalidParams, "The client does not sample with tools")
        case "roots/list":
            if capabilities.contains(.roots) { return nil }
        default: break
        }
        return JSONRPCError(.methodNotFound, "The client does not do \(method.prefix(64))")
    }
}
