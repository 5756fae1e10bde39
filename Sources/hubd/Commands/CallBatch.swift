import HubCore
import NIOCore
import SpecIngest

/// Many dry runs over one reading of a description: what `hubd call --batch` prints.
struct CallBatch {
    private static let maximumBytes = 256 << 20
    private let operations: [String: IngestedOperation]
    private let address: (IngestedOperation) throws -> HTTPAddress

    /// - Parameter address: where an operation is served.
    init(_ operations: [IngestedOperation], address: @escaping (IngestedOperation) throws -> HTTPAddress) {
        self.operations = ListedNames.operations(operations)
        self.address = address
    }

    /// Prints a line for every line of the file: the request, or `{"error"}`.
    func run(_ path: String) throws {
        let bytes: ByteBuffer
        do throws(FileAccess.FileError) {
            bytes = try FileAccess.read(path, limit: Self.maximumBytes)
        } catch {
            throw CommandFailure("\(error)")
        }
        for line in bytes.readableBytesView.split(separator: UInt8(ascii: "\n")) {
            Console.print(String(buffer: answer(to: ByteBuffer(line))))
        }
    }

    /// The request for one line, or what is wrong with it.
    func answer(to line: ByteBuffer) -> ByteBuffer {
        do {
            let call = try JSONDocument(parsing: line, limits: .message).root
            guard let name = call["tool"]?.string, let operation = operations[name] else {
                throw CommandFailure("a line has to name a tool: {\"tool\",\"arguments\"}")
            }
            return RequestPrinter.json(try operation.encoder.encode(call["arguments"]), address: try address(operation))
        } catch {
            var json = JSONWriter()
            json.beginObject()
            json.member("error", (error as? HubError)?.message ?? "\(error)")
            json.endObject()
            return json.buffer
        }
    }
}
