import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import HubUpstream

extension CredentialClock {
    /// A clock that stands still; nonces count up.
    static func fixed(seconds: Int64) -> CredentialClock {
        let start = ContinuousClock.now
        let count = NIOLockedValueBox(0)
        return CredentialClock(
            now: { start }, seconds: { seconds },
            nonce: {
                count.withLockedValue { count in
                    count += 1
                    return "nonce-\(count)"
                }
            })
    }
}

/// A clock that a test moves.
final class HandClock: Sendable {
    private let state = NIOLockedValueBox(ContinuousClock.now)

    var now: ContinuousClock.Instant { state.withLockedValue { $0 } }

    func advance(_ duration: Duration) { state.withLockedValue { $0 += duration } }

    var credentials: CredentialClock { CredentialClock(now: { self.now }, seconds: { 0 }, nonce: { "nonce" }) }
}

extension EndpointRequest {
    /// A request as an address gets it.
    static func test(
        _ method: HTTPRequest.Method, _ target: String, _ fields: [(String, String)] = [], body: String? = nil
    ) -> EndpointRequest {
        EndpointRequest(
            method: method, target: target,
            fields: HTTPFields(fields.compactMap { name, value in HTTPField.Name(name).map { HTTPField(name: $0, value: value) } }),
            body: body.map { .complete(ByteBuffer(string: $0)) } ?? .none, deadline: .distantFuture)
    }
}
