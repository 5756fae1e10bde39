import HubCore
import NIOCore

/// The way to the client of one request, until its reply goes out.
struct ReplyChannel: Sendable {
    /// The progress that the client wants to hear of; nil: it does not.
    let progress: CallProgress?
    /// Sends one message ahead of the reply and does not wait; gives whether it is on its way. Nil where the client takes nothing but the reply.
    let send: (@Sendable (ByteBuffer) -> Bool)?
    /// Called when the client has left: gives whether the work goes on without it. If so, what is given is called when the client does not
    /// come back. Nil where it never does.
    var outlive: (@Sendable (_ giveUp: @escaping @Sendable () -> Void) -> Bool)?

    /// Where the client takes nothing but the reply.
    static let closed = ReplyChannel(progress: nil, send: nil)

    /// Tells the client, where it wants to hear of it and the channel still is open.
    func tell(_ notice: CallNotice, logLevel: LogLevel?) {
        guard let send else { return }
        switch notice {
        case .progress(let members):
            if let message = progress?.reported(members) { _ = send(message) }
        case .log(let level, let params):
            guard let logLevel, level >= logLevel else { return }
            var json = JSONWriter()
            json.beginObject()
            json.member("jsonrpc", "2.0")
            json.member("method", "notifications/message")
            json.member("params", raw: params)
            json.endObject()
            _ = send(json.buffer)
        case .elicitationComplete(let id):
            var json = JSONWriter()
            json.jsonRPCNotification(SessionCalls.pageDone) { $0.member("elicitationId", id) }
            _ = send(json.buffer)
        }
    }
}

/// The client of a request in a handshake session: asked by requests of ours on the stream that answers its own.
struct HandshakeClient: CallClient {
    let session: SessionToken
    let runtime: MCPRuntime
    /// Whether the server declares that it logs.
    let isLogging: Bool
    let channel: ReplyChannel

    var capabilities: ClientCapabilities { channel.send == nil ? [] : session.capabilities }
    var takesInputRequests: Bool { false }
    var logLevel: LogLevel? { isLogging && channel.send != nil ? runtime.logLevels.level(of: session.id) : nil }
    var wantsProgress: Bool { channel.progress != nil }

    func notify(_ notice: CallNotice) {
        if case .log = notice { channel.tell(notice, logLevel: logLevel) } else { channel.tell(notice, logLevel: nil) }
    }

    func ask(_ request: ClientRequest) async throws -> JSONValue {
        guard let send = channel.send else { throw HubError(.invalidRequest, "The client cannot be asked here") }
        try request.check(against: session.capabilities)
        return try await runtime.questions.ask(request.forNextHop, session: session.id, send: send)
    }
}

/// The client of a request of the modern era, answered in the request's own task: it is told, and asked by results alone.
struct ModernClient: CallClient {
    let capabilities: ClientCapabilities
    let logLevel: LogLevel?
    let channel: ReplyChannel

    var takesInputRequests: Bool { true }
    var wantsProgress: Bool { channel.progress != nil }

    func notify(_ notice: CallNotice) {
        if case .elicitationComplete = notice { return }  // 2026-07-28 knows no such word
        channel.tell(notice, logLevel: logLevel)
    }

    func ask(_ request: ClientRequest) async throws -> JSONValue {
        try request.check(against: capabilities)
        throw HubError(.invalidRequest, "The client cannot be asked in the middle of this request")
    }
}
