import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import A2ABridge

/// Takes notifications, and answers them as the test says. Each is offered as it comes, so that tests wait for it instead of sleeping.
final class StubWebhooks: WebhookSender {
    /// What tests change of a sender.
    struct Settings: Sendable {
        var key: (any NotificationKey)?
        var policy = PushPolicy()
        var bounds = PushSender.Bounds()
    }

    /// A notification that came.
    struct Posted: Sendable {
        var url: String
        var headers: HTTPFields
        var body: ByteBuffer

        func json() throws -> JSONValue { try JSONDocument(parsing: body, limits: .message).root }
        /// What the event is, of 1.0, or the state of the task, of 0.3.
        var summary: String {
            guard let json = try? json() else { return "no JSON" }
            if let state = json.state { return state }
            if let state = json[path: "statusUpdate", "status", "state"]?.string { return state }
            return json["artifactUpdate"] != nil ? "artifact" : json["message"] != nil ? "message" : "?"
        }
    }

    private let answers = NIOLockedValueBox<[String: [Int]]>([:])
    private let gates = NIOLockedValueBox<[String: Gate]>([:])
    private let all = NIOLockedValueBox<[Posted]>([])
    private let arrivals = AsyncStream.makeStream(of: Posted.self)

    /// What came so far.
    var posted: [Posted] { all.withLockedValue { $0 } }

    /// Answers the next notifications to a URL with these; 0 is no answer. After them with 200.
    func answer(_ url: String, _ statuses: [Int]) { answers.withLockedValue { $0[url] = statuses } }

    /// Keeps what is sent to a URL waiting.
    func hold(_ url: String, _ gate: Gate) { gates.withLockedValue { $0[url] = gate } }

    /// The next ones that come.
    func next(_ count: Int) async -> [Posted] {
        var found: [Posted] = []
        guard count > 0 else { return [] }
        for await posted in arrivals.stream {
            found.append(posted)
            if found.count == count { break }
        }
        return found
    }

    func check(_ address: WebhookAddress) async throws {
        if address.origin.host == "10.0.0.1" { throw HubError(.addressRefused, "No") }
    }

    func post(_ body: ByteBuffer, headers: HTTPFields, to address: WebhookAddress, timeout: Duration) async throws -> Int {
        let posted = Posted(url: address.description, headers: headers, body: body)
        all.withLockedValue { $0.append(posted) }
        arrivals.continuation.yield(posted)
        if let gate = gates.withLockedValue({ $0[posted.url] }) { try await gate.pass() }
        if address.origin.host == "rebound.example" { throw HubError(.addressRefused, "No") }
        let status = answers.withLockedValue { answers in
            guard var left = answers[posted.url], !left.isEmpty else { return 200 }
            defer { answers[posted.url] = left }
            return left.removeFirst()
        }
        guard status > 0 else { throw HubError(.upstreamFailed, "No answer") }
        return status
    }
}
