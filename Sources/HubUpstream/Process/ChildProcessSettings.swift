/// How the process of one server is started, and what it may use.
///
/// The environment may hold secrets: descriptions show the program alone.
public struct ChildProcessSettings: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The program and its arguments. One without a slash is looked for in the `PATH` of `environment`.
    public var command: [String]
    /// All of its environment.
    public var environment: [String: String]
    /// The folder it runs in; nil: the hub's.
    public var workingDirectory: String?
    /// The longest line that is read or sent, in bytes.
    public var maximumLineBytes = 64 << 20
    /// How many may run at once, those that are still ending included: half as many again as there are sessions with one server (64), so
    /// that the server's own session and those that take the place of others find room.
    public var maximumProcesses = 96
    /// How long it may take to start, until its program runs.
    public var startLimit = Duration.seconds(10)
    /// How long it has to end once its input has ended; then it is told to.
    public var stopLimit = Duration.seconds(2)
    /// How long it has to end once it was told to; then it is killed.
    public var killLimit = Duration.seconds(2)
    /// How many files each of its processes may have open; 0: as many as the hub.
    public var maximumOpenFiles = 4096
    /// How much memory each of its processes may take for itself; 0: no limit. What is reserved and not used does not count: runtimes reserve
    /// far more than they use.
    public var maximumMemoryBytes = 0
    /// How long each of its processes may keep a processor busy; 0: no limit.
    public var maximumProcessorSeconds = 0
    /// How many processes one program may have, itself included; with more, which is looked for four times a second, it is killed with all of
    /// them. 0: no limit.
    public var maximumProcessesOfProgram = 1000

    /// A program with the variables of the hub's environment that every program needs, and those that are given.
    public init(
        command: [String], environment: [String: String] = [:], workingDirectory: String? = nil,
        inheriting hubEnvironment: [String: String] = Self.hubEnvironment
    ) {
        self.command = command
        self.environment = hubEnvironment.filter { Self.isInherited($0.key, $0.value) }.merging(environment) { $1 }
        self.workingDirectory = workingDirectory
    }

    /// The program, without its arguments.
    public var description: String { command.first ?? "" }
    /// No children, so that dumps show nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
