import HubCore
import Logging

/// What flow rules do to calls.
extension MCPMethods {
    /// Refuses the call of a tool that is barred from whoever has read what it is barred after, and remembers what this call reads: before it
    /// is performed, so that no other call slips through meanwhile.
    func keepFlows(callOf tool: Tool, _ request: MethodRequest) throws(HubError) {
        guard let flows = server.flows else { return }
        let name = tool.definition.name
        let barring = flows.barring(name)
        if server.runtime.flowMarks.isMarked(
            barring, at: server.name, by: CallerKey(request.context), now: server.runtime.now)
        {
            request.context.logger.notice("a flow rule bars a tool", metadata: ["tool": "\(name)", "entry": "\(server.name)"])
            throw HubError(
                .barred, "\(name) may not be used after something was read that is not trusted. Ask the user to do this in a new session.")
        }
        try mark(flows.reading(by: name), request)
    }

    /// Remembers that a prompt or a resource of an untrusted server is read.
    func keepFlows(reading origin: any MCPOrigin, _ request: MethodRequest) throws(HubError) {
        guard let flows = server.flows, server.offer.distrusted.contains(origin.name) else { return }
        try mark(flows.readingItems, request)
    }

    private func mark(_ rules: [FlowRule], _ request: MethodRequest) throws(HubError) {
        guard
            server.runtime.flowMarks.mark(
                rules, at: server.name, by: CallerKey(request.context), now: server.runtime.now)
        else {
            throw HubError(.overloaded, "Too many sessions have read what is not trusted: this cannot be read at present")
        }
    }
}
