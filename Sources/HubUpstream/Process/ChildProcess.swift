import Glibc
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// What is known of one process and what is under way with it. Held by its channels until they are closed.
final class ChildProcess: Sendable {
    private struct Channels: Sendable {
        var input: any Channel
        var output: any Channel
        var errors: any Channel
        var control: any Channel
        /// That of `control`, valid while that is active.
        var controlDescriptor: CInt

        func closeOutputs() {
            output.close(promise: nil)
            errors.close(promise: nil)
        }
    }

    private struct State {
        var channels: Channels?
        /// nil once nothing of the process is left.
        var slot: ProcessSlots.Slot?
        var reader: LineReader
        var hasOutputEnded = false
        /// Whether the lines are in doubt after one that was too long.
        var failure: HubError?
        var reading: OneAnswer<ByteBuffer?>?
        /// What was given to `input` and is not yet with the process.
        var unsentBytes = 0
        var tail = DiagnosticsTail()
        var isClosed = false
        /// What it ended with, and why it was ended, where a limit was.
        var ends: [KeeperNotice] = []
        var isSettled = false
    }

    private let state: NIOLockedValueBox<State>
    private let start = OneAnswer<Void>()
    private let maximumLineBytes: Int

    init(maximumLineBytes: Int, slot: ProcessSlots.Slot) {
        self.maximumLineBytes = maximumLineBytes
        state = NIOLockedValueBox(State(slot: slot, reader: LineReader(maximumLineBytes: maximumLineBytes)))
    }

    /// Makes the hub's side of the pipes its own.
    func adopt(_ pipes: ProcessPipes, on loop: any EventLoop) async throws {
        var open: [any Channel] = []
        do {
            let input = try await pipes.adopt(.input, on: loop) { InputHandler() }.channel
            open.append(input)
            let output = try await pipes.adopt(.output, on: loop) { OutputHandler(process: self) }.channel
            open.append(output)
            let errors = try await pipes.adopt(.errors, on: loop) { ErrorsHandler(process: self) }.channel
            open.append(errors)
            let (control, descriptor) = try await pipes.adopt(.control, on: loop) { ControlHandler(process: self) }
            let channels = Channels(input: input, output: output, errors: errors, control: control, controlDescriptor: descriptor)
            state.withLockedValue { $0.channels = channels }
        } catch {
            for channel in open { channel.close(promise: nil) }
            throw HubError(.internal, "The server's process cannot be started", cause: error)
        }
    }

    // MARK: Its start and its end

    /// Waits until the program runs.
    ///
    /// - Throws: `ProcessFailure` where it does not; `CancellationError`.
    func waitForStart() async throws { try await start.value() }

    /// Whether it is known to run or not to.
    var isSettled: Bool { state.withLockedValue { $0.isSettled } }

    /// Says whether the program runs. Only the first word counts.
    func hasStarted(_ result: Result<Void, any Error>) {
        state.withLockedValue { $0.isSettled = true }
        start.give(result)
    }

    /// The keeper has said something.
    func received(_ notice: KeeperNotice) {
        switch notice {
        case .started: hasStarted(.success(()))
        case .failed: hasStarted(.failure(ProcessFailure(notice.description)))
        case .ended, .crowded:
            state.withLockedValue { state in
                // Once each: a keeper says no more.
                if state.ends.count < 2 { state.ends.append(notice) }
            }
        }
    }

    /// Nothing of the process is left.
    func isGone() {
        hasStarted(.failure(ProcessFailure.lost))
        let (channels, isClosed) = state.withLockedValue { state in
            state.slot = nil
            return (state.channels, state.isClosed)
        }
        channels?.input.close(promise: nil)
        // Otherwise there may be output that nobody has read yet; its end closes the channel.
        if isClosed { channels?.closeOutputs() }
    }

    /// Ends the process; what it still writes is read and dropped, so that it does not wait for a reader.
    func close() {
        let (channels, reading, isGone) = state.withLockedValue { state -> (Channels?, OneAnswer<ByteBuffer?>?, Bool) in
            guard !state.isClosed else { return (nil, nil, false) }
            state.isClosed = true
            state.reader = LineReader(maximumLineBytes: 0)
            let reading = state.reading
            state.reading = nil
            return (state.channels, reading, state.slot == nil)
        }
        reading?.give(.success(nil))
        guard let channels else { return }
        channels.control.eventLoop.execute {
            channels.input.close(promise: nil)
            // The keeper takes the end of what it is told for the wish to end; what it tells is still heard. Only this loop closes the
            // descriptor, so it is the one it was.
            if channels.control.isActive { shutdown(channels.controlDescriptor, CInt(SHUT_WR)) }
            if isGone { channels.closeOutputs() } else { channels.output.read() }
        }
    }

    /// The last of standard error, and how it ended.
    var diagnostics: String {
        let (tail, ends) = state.withLockedValue { ($0.tail, $0.ends) }
        let text = tail.text
        guard !ends.isEmpty else { return text }
        return text + (text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + ends.map(\.description).joined(separator: "\n")
    }

    // MARK: Lines from it

    /// The next line; nil at the end.
    func next() async throws -> ByteBuffer? {
        let waiting = OneAnswer<ByteBuffer?>()
        let output = try state.withLockedValue { state -> (any Channel)? in
            guard state.reading == nil else { throw HubError(.internal, "Two readers of one process") }
            switch Self.take(&state) {
            case .answer(let result): waiting.give(result)
            case .needsMore:
                state.reading = waiting
                return state.channels?.output
            }
            return nil
        }
        output?.read()
        return try await waiting.value { [state] in
            state.withLockedValue { state in
                guard state.reading === waiting else { return false }  // its line is on the way
                state.reading = nil
                return true
            }
        }
    }

    private enum Taken {
        case answer(Result<ByteBuffer?, any Error>)
        case needsMore
    }

    private static func take(_ state: inout State) -> Taken {
        if let failure = state.failure { return .answer(.failure(failure)) }
        if state.isClosed { return .answer(.success(nil)) }
        do throws(HubError) {
            if let line = try state.reader.next() { return .answer(.success(line)) }
        } catch {
            state.failure = error
            state.reader = LineReader(maximumLineBytes: 0)
            return .answer(.failure(error))
        }
        return state.hasOutputEnded ? .answer(.success(state.reader.last())) : .needsMore
    }

    /// Changes what there is to read, and gives it to whoever waits for it.
    private func update(_ body: (inout State) -> Void) {
        let (reading, answer) = state.withLockedValue { state -> (OneAnswer<ByteBuffer?>?, Taken) in
            body(&state)
            guard let reading = state.reading, case .answer(let result) = Self.take(&state) else { return (nil, .needsMore) }
            state.reading = nil
            return (reading, .answer(result))
        }
        if let reading, case .answer(let result) = answer { reading.give(result) }
    }

    /// Bytes of standard output.
    func receivedOutput(_ chunk: ByteBuffer) {
        update { state in
            if !state.isClosed && state.failure == nil { state.reader.append(chunk) }
        }
    }

    /// Standard output has ended.
    func outputHasEnded() { update { $0.hasOutputEnded = true } }

    /// Whether more output is to be read now: somebody waits for it, or nobody will ever.
    var wantsOutput: Bool { state.withLockedValue { $0.reading != nil || $0.isClosed } }

    /// Bytes of standard error.
    func receivedErrors(_ chunk: ByteBuffer) { state.withLockedValue { $0.tail.append(chunk) } }

    // MARK: Lines to it

    /// Sends one line and waits until the process has it. Several may be sent at once; they do not mix.
    func send(_ line: ByteBuffer) async throws {
        let length = line.readableBytes + 1
        let input = try state.withLockedValue { state in
            guard length <= maximumLineBytes else { throw HubError(.tooLarge, "The message is too large for the server") }
            guard let channels = state.channels, !state.isClosed, state.slot != nil else { throw Self.hasEnded(nil) }
            // The lines of those who did not wait any longer are still there.
            guard state.unsentBytes == 0 || state.unsentBytes + length <= maximumLineBytes else {
                throw HubError(.overloaded, "The server does not read what it is sent")
            }
            state.unsentBytes += length
            return channels.input
        }
        let line = Self.joined(line)
        let sent = OneAnswer<Void>()
        input.eventLoop.execute { [state] in
            input.write(line, promise: nil)
            let promise = input.eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenComplete { result in
                state.withLockedValue { $0.unsentBytes -= length }
                sent.give(result.mapError { Self.hasEnded($0) })
            }
            input.writeAndFlush(Self.lineFeed, promise: promise)
        }
        try await sent.value()
    }

    private static let lineFeed = ByteBuffer(string: "\n")

    /// Without line feeds, which would make two lines of it: JSON has them between tokens only, where a space means the same.
    private static func joined(_ line: ByteBuffer) -> ByteBuffer {
        guard line.readableBytesView.contains(UInt8(ascii: "\n")) else { return line }
        return ByteBuffer(bytes: line.readableBytesView.lazy.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 })
    }

    private static func hasEnded(_ cause: (any Error)?) -> HubError {
        HubError(.upstreamFailed, "The server's process has ended", cause: cause)
    }
}
