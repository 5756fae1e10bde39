public import NIOCore

/// A process that is spoken to in lines over its standard input and output.
///
/// One writer and one reader at a time. Ends with `close`, which ends the process and all that it started; a channel that nobody holds any
/// more is closed too.
public protocol LineChannel: Sendable {
    /// Sends one line, without its line feed. Waits where the process does not read.
    ///
    /// - Throws: `HubError` with `.upstreamFailed` where the process has gone.
    func send(_ line: ByteBuffer) async throws
    /// The next line without its line feed, never empty; nil where the output has ended.
    ///
    /// - Throws: `HubError` with `.tooLarge` for a line past the limit; `CancellationError`.
    func next() async throws -> ByteBuffer?
    /// Ends the process: its input is closed, then it and what it started are told to stop, then killed. Does not wait.
    func close()
    /// The last that the process wrote to standard error, for the log: never for a caller.
    var diagnostics: String { get }
}

/// Starts the process of one server, again and again if need be.
public protocol LineChannelSource: Sendable {
    /// Starts a process.
    ///
    /// - Throws: `HubError` with `.upstreamFailed` where it cannot be started, `.overloaded` where too many run already.
    func open() async throws -> any LineChannel
    /// How many of its processes run, those that are still ending included.
    var runningProcesses: Int { get }
}
