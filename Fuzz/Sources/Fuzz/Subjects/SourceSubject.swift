import Dispatch
import NIOConcurrencyHelpers
import NIOCore
import SpecIngest

/// Descriptions of any format in one or more files, as an operator names them: WSDL, OpenAPI and all else that the reader tells apart.
///
/// A zero byte, which no format has, ends a file. The first is read; the others are called `1`, `2` and so on, with any ending.
enum SourceSubject: Subject {
    static let name = "source"

    static func check(_ input: ByteBuffer) {
        let files = input.readableBytesView.split(separator: 0, maxSplits: 8, omittingEmptySubsequences: false).map { ByteBuffer($0) }
        guard let entry = files.first, let api = read(entry, files) else { return }  // refused with a reason: good
        OperationClaims.check(api)
        guard let again = read(entry, files) else { fatalError("what was read is read again") }
        OperationClaims.check(api, again)
    }

    private struct Files: DescriptionLoader {
        var files: [ByteBuffer]

        func load(_ path: String) async throws(IngestError) -> ByteBuffer {
            let number = path.split(separator: "/").last?.split(separator: ".").first.flatMap { Int($0) } ?? 0
            guard files.indices.contains(number) else { throw IngestError(.unreadable, "there is no file \(path)") }
            return files[number]
        }
    }

    /// libFuzzer calls from a thread that is not of Swift's pool: it may wait for one that is.
    private static func read(_ entry: ByteBuffer, _ files: [ByteBuffer]) -> IngestedAPI? {
        let result = NIOLockedValueBox<IngestedAPI?>(nil)
        let done = DispatchSemaphore(value: 0)
        Task {
            // nil: refused with a reason
            let api = try? await DescriptionReader.read(entry, named: "0", loader: Files(files: files))
            result.withLockedValue { $0 = api }
            done.signal()
        }
        done.wait()
        return result.withLockedValue { $0 }
    }
}
