import CLibFuzzer
import Glibc
import NIOCore

/// Something of the hub that reads bytes of strangers: looks at one input, and traps where a claim about the code does not hold.
protocol Subject: SendableMetatype {
    /// The name on the command line, and of the folder of seeds.
    static var name: String { get }
    /// Tries one input.
    static func check(_ input: ByteBuffer)
}

/// `Fuzz --subject=NAME [flags of libFuzzer] [folders and files]`. libFuzzer leaves flags with two dashes alone, and passes them on to
/// the processes it starts, so that its own `-minimize_crash=1` and `-merge=1` work.
@main
enum Main {
    static let subjects: [any Subject.Type] = [
        AddressSubject.self, AgentSubject.self, ApplicationSubject.self, DefinitionSubject.self, DescriptionSubject.self,
        EnvelopeSubject.self, EventSubject.self, HTTPAnswerSubject.self, HTTPRequestSubject.self, JSONSubject.self, ModelAnswerSubject.self,
        ModelRequestSubject.self, RemoteAgentSubject.self, SchemaSubject.self, SignatureSubject.self, SourceSubject.self,
        TokenSubject.self, XMLSubject.self,
    ]

    /// The subject of this process.
    static let subject: any Subject.Type = {
        let prefix = "--subject="
        let name = CommandLine.arguments.first { $0.hasPrefix(prefix) }?.dropFirst(prefix.count)
        guard let found = subjects.first(where: { $0.name == name ?? "" }) else {
            print("usage: Fuzz --subject=\(subjects.map { $0.name }.joined(separator: "|")) [flags of libFuzzer] [folders and files]")
            exit(64)
        }
        return found
    }()

    static func main() {
        _ = subject
        var count = CommandLine.argc
        // The process's own argument vector: libFuzzer may replace the pointer, not the strings.
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
        let status = unsafe LLVMFuzzerRunDriver(&count, &arguments) { bytes, length in
            // libFuzzer's buffer lives for this call; the copy is what ASan guards at both ends.
            let input = unsafe ByteBuffer(bytes: UnsafeRawBufferPointer(start: bytes, count: length))
            Main.subject.check(input)
            return 0
        }
        exit(status)
    }
}

/// Traps with the claim that does not hold; libFuzzer then keeps the input.
func claim(_ holds: @autoclosure () -> Bool, _ text: @autoclosure () -> String) {
    if !holds() { fatalError(text()) }
}
