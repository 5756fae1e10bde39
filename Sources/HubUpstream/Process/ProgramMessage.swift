import CHubSystem
import HubCore

/// The message that names a program to the steward, as `CHubSystem` describes it.
enum ProgramMessage {
    /// Why a program cannot be named.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// Writes the message. Tells an operator what is wrong with the settings where it cannot be.
    static func bytes(of settings: ChildProcessSettings) throws(Problem) -> [UInt8] {
        guard let program = settings.command.first, !program.isEmpty else { throw Problem(description: "the command is empty") }
        for (name, _) in settings.environment where name.isEmpty || name.contains("=") {
            throw Problem(description: "\"\(name)\" is no name of an environment variable")
        }
        // In order, so that equal settings make equal messages.
        let variables = settings.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var head = hub_program()
        head.arguments = UInt32(clamping: settings.command.count)
        head.variables = UInt32(clamping: variables.count)
        head.stop_milliseconds = milliseconds(settings.stopLimit)
        head.kill_milliseconds = milliseconds(settings.killLimit)
        head.open_files = UInt64(clamping: settings.maximumOpenFiles)
        head.memory_bytes = UInt64(clamping: settings.maximumMemoryBytes)
        head.processor_seconds = UInt64(clamping: settings.maximumProcessorSeconds)
        head.processes = UInt64(clamping: settings.maximumProcessesOfProgram)
        var bytes = unsafe withUnsafeBytes(of: head) { unsafe Array($0) }
        for text in settings.command + variables + [settings.workingDirectory ?? ""] {
            guard !text.utf8.contains(0) else { throw Problem(description: "the command or its environment contains a zero byte") }
            bytes += text.utf8
            bytes.append(0)
            guard bytes.count <= HUB_MAXIMUM_PROGRAM else {
                throw Problem(description: "the command and its environment are longer than \(HUB_MAXIMUM_PROGRAM) bytes")
            }
        }
        return bytes
    }

    private static func milliseconds(_ duration: Duration) -> UInt32 {
        let (seconds, attoseconds) = duration.components
        return UInt32(clamping: seconds.multipliedReportingOverflow(by: 1000).partialValue &+ attoseconds / 1_000_000_000_000_000)
    }
}
