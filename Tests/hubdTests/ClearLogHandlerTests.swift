import Logging
import NIOConcurrencyHelpers
import Testing

@testable import hubd

@Suite("What others write into the log")
struct ClearLogHandlerTests {
    /// Remembers what it is to write.
    private struct Written: LogHandler {
        let lines: NIOLockedValueBox<[String]>
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            lines.withLockedValue { $0.append("\(event.message) " + all.map { "\($0.key)=\($0.value)" }.joined(separator: " ")) }
        }
    }

    @Test("a server's words make no line of their own in the log and do nothing to a terminal, wherever they stand")
    func clears() {
        let lines = NIOLockedValueBox<[String]>([])
        var logger = Logger(label: "test") { _ in ClearLogHandler(Written(lines: lines)) }
        logger[metadataKey: "server"] = "a\nb"
        let forged = "gone\n2026-12-01T00:00:00 notice hubd: all is well\u{1B}[2J\u{202E}\u{2028}\r\u{9B}"
        logger.warning("a session ended", metadata: ["output": "\(forged)", "list": [["k": "x\ty"]], "é": "größe"])
        logger.info("\(forged)")
        let text = lines.withLockedValue { $0 }.joined()
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 || "\u{202E}\u{2028}\u{9B}".unicodeScalars.contains($0) })
        #expect(text.contains(#"output=gone\n2026-12-01"#) && text.contains(#"server=a\nb"#) && text.contains("é=größe"))
        #expect(ClearLogHandler.cleared("plain ~ text") == "plain ~ text")
        #expect(ClearLogHandler.cleared("x\ty\u{7F}") == "x\\ty\u{FFFD}")
    }
}
