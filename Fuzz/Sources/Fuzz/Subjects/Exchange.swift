import Dispatch
import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Does work that waits, to its end. libFuzzer calls from a thread that is not of Swift's pool: it may wait for one that is. Work without
/// an end is what libFuzzer's limit of time is for.
func runToEnd(_ work: @escaping @Sendable () async -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task {
        await work()
        done.signal()
    }
    done.wait()
}

/// Takes a choice off the input: its first byte, where `A` is the first one.
func choose(_ input: inout ByteBuffer, of count: Int) -> Int {
    Int((input.readInteger(as: UInt8.self) ?? 0) &- UInt8(ascii: "A")) % count
}

/// A request of a caller that got in.
func request(_ method: HTTPRequest.Method, _ path: String, _ body: ByteBuffer, _ fields: HTTPFields = [:]) -> InboundRequest {
    var fields = fields
    if method == .post { fields[.contentType] = "application/json" }
    let head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path, headerFields: fields)
    var request = InboundRequest(
        head: head, host: "localhost", body: body, id: "r1", remoteAddress: "127.0.0.1",
        logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })
    request.principal = Principal(consumer: "one", credential: CredentialID(kind: .apiKey, name: "one"))
    return request
}

/// Keeps an answer; traps where it is no answer of HTTP.
final class AnswerKeeper: ResponseWriter {
    /// What was written so far.
    struct Answer: Sendable {
        var head: HTTPResponse?
        var body = ByteBuffer()
        var isEnded = false

        var status: Int { head?.status.code ?? 0 }
        var mediaType: Substring { (head?.headerFields[.contentType] ?? "").prefix { $0 != ";" } }
        var isEvents: Bool { mediaType == "text/event-stream" }

        /// The events; traps where they are none.
        var events: [ServerSentEvent] {
            var decoder = SSEDecoder()
            do throws(SSEDecoder.DecodeError) {
                return try decoder.decode(body)
            } catch {
                fatalError("events can be read: \(error)")
            }
        }

        /// The documents: that of the body, or those of the events; traps where one is no JSON.
        var documents: [JSONValue] {
            if isEvents { return events.map { Self.parse(ByteBuffer(string: $0.data)) } }
            claim(mediaType.hasSuffix("json"), "an answer is JSON or events")
            return [Self.parse(body)]
        }

        static func parse(_ bytes: ByteBuffer) -> JSONValue {
            do throws(JSONParseError) {
                return try JSONDocument(parsing: bytes, limits: .payload).root
            } catch {
                fatalError("an answer is JSON: \(error)")
            }
        }
    }

    private let state = NIOLockedValueBox(Answer())

    var answer: Answer { state.withLockedValue { $0 } }

    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
        try await begin(head)
        if body.readableBytes > 0 { try await write(body) }
        try await end()
    }

    func begin(_ head: HTTPResponse) async throws {
        state.withLockedValue { answer in
            claim(answer.head == nil, "an answer begins once")
            claim((200..<600).contains(head.status.code), "an answer has a status")
            answer.head = head
        }
    }

    func write(_ bytes: ByteBuffer) async throws {
        state.withLockedValue { answer in
            claim(answer.head != nil && !answer.isEnded, "a body stands between its head and its end")
            answer.body.writeImmutableBuffer(bytes)
        }
    }

    func end() async throws {
        state.withLockedValue { answer in
            claim(answer.head != nil && !answer.isEnded, "an answer ends once")
            answer.isEnded = true
        }
    }
}

/// A body in pieces of a size, whose end may be that it breaks off.
final class PieceStream: BodyStream {
    private let rest: NIOLockedValueBox<ByteBuffer>
    private let size: Int
    private let isCut: Bool

    /// - Parameter cut: the size of the pieces, 0 for one piece, and 128 more where the body breaks off.
    init(_ bytes: ByteBuffer, cut: UInt8) {
        (rest, isCut) = (NIOLockedValueBox(bytes), cut >= 128)
        size = cut % 128 == 0 ? .max : Int(cut % 128)
    }

    func next() async throws -> ByteBuffer? {
        let piece = rest.withLockedValue { rest in
            let length = min(size, rest.readableBytes)
            return length > 0 ? rest.readSlice(length: length) : nil
        }
        if piece == nil, isCut { throw HubError(.upstreamFailed, "The upstream failed to answer") }
        return piece
    }

    func cancel() { rest.withLockedValue { $0.clear() } }
}
