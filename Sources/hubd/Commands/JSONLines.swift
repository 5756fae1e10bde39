import HubCore
import NIOCore

/// A file with a JSON object on each line. Lines without anything are left out.
struct JSONLines {
    private let path: String
    private let bytes: ByteBuffer

    private static let maximumBytes = 1 << 30

    /// Reads a file of at most 1 GiB.
    init(_ path: String) throws(CommandFailure) {
        self.path = path
        do throws(FileAccess.FileError) {
            bytes = try FileAccess.read(path, limit: Self.maximumBytes)
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// An object, and where it stands.
    struct Line {
        let value: JSONValue
        fileprivate let path: String
        fileprivate let number: Int

        /// What is wrong with the line.
        func failure(_ problem: String) -> CommandFailure { CommandFailure("\(path):\(number): \(problem)") }

        /// The member `id`, a text that can stand between tabs and that no line before has.
        func id(firstIn seen: inout Set<ByteBuffer>) throws(CommandFailure) -> ByteBuffer {
            guard let text = value["id"]?.string, !text.isEmpty else { throw failure("needs \"id\", a text") }
            guard !text.utf8.contains(where: { $0 < UInt8(ascii: " ") }) else {
                throw failure("has an \"id\" with a tab or another control character")
            }
            // Bytes: strings that only look alike are two.
            let id = ByteBuffer(string: text)
            guard seen.insert(id).inserted else { throw failure("has the \"id\" of a line before it") }
            return id
        }
    }

    /// Goes through the lines.
    func forEach(_ body: (Line) throws -> Void) throws {
        var lines = makeIterator()
        while let line = try lines.next() { try body(line) }
    }

    func makeIterator() -> Iterator { Iterator(path: path, rest: bytes) }

    struct Iterator {
        fileprivate let path: String
        fileprivate var rest: ByteBuffer
        private var number = 0

        fileprivate init(path: String, rest: ByteBuffer) {
            self.path = path
            self.rest = rest
        }

        /// The next line that has something on it; nil at the end.
        mutating func next() throws(CommandFailure) -> Line? {
            while rest.readableBytes > 0 {
                number += 1
                let length = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n")).map { $0 - rest.readerIndex }
                let text = rest.readSlice(length: length ?? rest.readableBytes) ?? ByteBuffer()
                if length != nil { rest.moveReaderIndex(forwardBy: 1) }
                if text.readableBytesView.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }) {
                    continue
                }
                let root: JSONValue
                do throws(JSONParseError) {
                    root = try JSONDocument(parsing: text, limits: .payload).root
                } catch {
                    throw CommandFailure("\(path):\(number): is not JSON: \(error)")
                }
                guard root.kind == .object else { throw CommandFailure("\(path):\(number): is no JSON object") }
                return Line(value: root, path: path, number: number)
            }
            return nil
        }
    }
}
