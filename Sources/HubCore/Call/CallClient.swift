public import NIOCore

/// The client of a call under way: what performs the call tells it of progress, and asks it what only its user can answer.
///
/// One for each call; used while the call is performed and not after. Implemented where clients come in, whichever era they speak.
public protocol CallClient: Sendable {
    /// What the client has said it can do: `capabilities` of `initialize`, or of the request's `_meta`; an object.
    var capabilities: ClientCapabilities { get }
    /// Whether a result that asks (`resultType: input_required` of 2026-07-28) can be handed to the client as it is. Where it cannot, what
    /// performs the call asks by `ask` and goes on with the answers.
    var takesInputRequests: Bool { get }
    /// From which level on it hears a server's log; nil: not at all.
    var logLevel: LogLevel? { get }
    /// Whether it hears of progress.
    var wantsProgress: Bool { get }

    /// Tells the client something that belongs to this call. Never waits for the client; what it cannot be told is dropped.
    func notify(_ notice: CallNotice)
    /// Asks the client, and waits for its answer.
    ///
    /// - Throws: `JSONRPCError` with the client's refusal; `HubError` where the client cannot be asked, or does not answer in time;
    ///   `CancellationError` where the client has gone.
    func ask(_ request: ClientRequest) async throws -> JSONValue
    /// What performs the call holds something from now on that others may wait for; nil: no more. One whose client may take its time asks
    /// `isWantedByOthers` from time to time.
    func holds(_ isWantedByOthers: (@Sendable () -> Bool)?)
}

extension CallClient {
    /// What asked for no log hears none.
    public var logLevel: LogLevel? { nil }
    /// What asked for no progress hears of none.
    public var wantsProgress: Bool { false }
    /// One that waits for its call holds nothing longer than it has to.
    public func holds(_ isWantedByOthers: (@Sendable () -> Bool)?) {}
}

/// What a target does with the client of a call while it performs it: decides how much is got ready for that.
public enum ClientUse: Sendable, Hashable {
    /// Nothing.
    case none
    /// Tells it of progress, and what a server logs.
    case told
    /// Tells it, and may ask it and wait for the answer (`CallClient.ask`).
    case asked
}

/// What a client can do for a server that asks it (2026-07-28 and before, `ClientCapabilities`).
public struct ClientCapabilities: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8

    /// A set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Its user fills in forms.
    public static let elicitationForm = ClientCapabilities(rawValue: 1 << 0)
    /// Its user opens addresses.
    public static let elicitationURL = ClientCapabilities(rawValue: 1 << 1)
    /// It asks its model.
    public static let sampling = ClientCapabilities(rawValue: 1 << 2)
    /// The same with tools that the model may call.
    public static let samplingTools = ClientCapabilities(rawValue: 1 << 3)
    /// It names the folders that its user works in.
    public static let roots = ClientCapabilities(rawValue: 1 << 4)
    /// It follows calls that became tasks (extension `io.modelcontextprotocol/tasks`).
    public static let tasks = ClientCapabilities(rawValue: 1 << 5)
    /// It shows pages of servers (extension `io.modelcontextprotocol/ui`).
    public static let apps = ClientCapabilities(rawValue: 1 << 6)
    /// It tells when the folders are others than before.
    public static let rootsChanges = ClientCapabilities(rawValue: 1 << 7)
}

/// Something a client is told in the middle of a call.
public enum CallNotice: Sendable {
    /// How far the call is: the members of `notifications/progress` without the token, which is the client's own.
    case progress(members: ByteBuffer)
    /// A message of the server's log: the parameters of `notifications/message`, and its level.
    case log(level: LogLevel, params: ByteBuffer)
    /// The user has finished on the page of an elicitation, by the id that it had when the client was asked (2025-11-25).
    case elicitationComplete(id: String)
}

/// The levels of a server's log, those of RFC 5424 (schema `LoggingLevel`); the order is that of severity.
public enum LogLevel: String, Sendable, Hashable, Comparable, CaseIterable {
    /// For whoever looks for a fault.
    case debug
    /// What goes on.
    case info
    /// What goes on and matters.
    case notice
    /// What may become a failure.
    case warning
    /// A failure.
    case error
    /// A failure of a part.
    case critical
    /// Somebody has to act at once.
    case alert
    /// The system cannot be used.
    case emergency

    /// Less severe is less.
    public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rank < b.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What a server asks a client: a request of the handshake eras, an element of `inputRequests` in 2026-07-28.
public struct ClientRequest: Sendable {
    /// `elicitation/create`, `sampling/createMessage` or `roots/list`.
    public var method: String
    /// The parameters, an object.
    public var params: ByteBuffer

    /// A request.
    public init(method: String, params: ByteBuffer) {
        self.method = method
        self.params = params
    }
}

/// What a client brings when it calls again because an answer asked for something (2026-07-28, "Multi Round-Trip Requests").
public struct CallResumption: Sendable {
    /// The answers by the names that the questions had, an object.
    public var inputResponses: JSONValue?
    /// What the server behind the hub gave to be brought back, exactly.
    public var requestState: String?

    /// What was brought.
    public init(inputResponses: JSONValue?, requestState: String?) {
        self.inputResponses = inputResponses
        self.requestState = requestState
    }
}
