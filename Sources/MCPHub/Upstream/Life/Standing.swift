import HubCore

/// What is known of a server at a time, and who waits to know more.
struct Standing {
    /// When it is reached for and listed.
    var life: LifeStateMachine
    /// What it listed last.
    private(set) var catalogue: Catalogue?
    /// The arguments that its tools want in headers, by the tools' names.
    private(set) var mirrored: [String: [MirroredArgument]] = [:]
    /// Why it is away, for the operator; nil: it is not.
    var problem: String? = "not connected yet"
    /// The same for callers.
    var excuse = "it has not been reached yet"
    /// Whether a server of the modern era is known to speak a handshake version too, or it has not been found out; nil: neither is asked for.
    private(set) var handshake: Handshake?
    /// The session that its lists are read in, and who listens to it.
    var directory: (session: any UpstreamSession, observer: DirectoryObserver)?
    /// Its place in the pool, where it serves calls too.
    var directorySlot: Int?
    /// Who listens to a session that is being begun.
    var arriving: DirectoryObserver?
    /// How often it was reached for or listed, well or not.
    var attempts = 0
    /// What looks after it.
    var work: Task<Void, Never>?
    /// Whether it is no longer configured.
    var isStopped = false
    /// Those who wait for the next attempt to end.
    var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter: UInt64 = 0

    /// What is known of the handshake eras at a server of the modern one.
    enum Handshake {
        case unknown
        case spoken
        case refused
    }

    init(refresh: Duration?, mayHaveHandshake: Bool = false) {
        handshake = mayHaveHandshake ? .unknown : nil
        life = LifeStateMachine(refresh: refresh)
    }

    /// Keeps a catalogue; gives whether it is another one.
    mutating func keep(_ new: Catalogue) -> Bool {
        guard new != catalogue else { return false }
        catalogue = new
        mirrored = [:]
        for tool in new.tools where !tool.mirrored.isEmpty { mirrored[tool.definition.name] = tool.mirrored }
        return true
    }

    /// Another session has been begun: the server may be another one by now.
    mutating func forgetHandshake() {
        if handshake != nil { handshake = .unknown }
    }

    /// It has been found out whether a handshake version is spoken.
    mutating func found(_ handshake: Handshake) {
        if self.handshake != nil { self.handshake = handshake }
    }

    /// Whether the word of this observer counts: it listens to the session that is there, or to the one that is being begun.
    func isCurrent(_ observer: DirectoryObserver) -> Bool { directory?.observer === observer || arriving === observer }

    /// An attempt has ended; those who waited for it are to be told.
    mutating func attempted() -> [CheckedContinuation<Void, Never>] {
        attempts += 1
        defer { waiting = [:] }
        return Array(waiting.values)
    }
}
