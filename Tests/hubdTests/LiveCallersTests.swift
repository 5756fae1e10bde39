import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import hubd

@Suite("Callers whose requests are being answered") struct LiveCallersTests {
    /// Takes nothing, and says whether it was cut.
    private final class Writer: ResponseWriter {
        private let state = NIOLockedValueBox(false)
        var isCut: Bool { state.withLockedValue { $0 } }

        func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {}
        func begin(_ head: HTTPResponse) async throws {}
        func write(_ bytes: ByteBuffer) async throws {}
        func end() async throws {}
        func cut() { state.withLockedValue { $0 = true } }
    }

    /// Lets one consumer in.
    private struct Only: Authenticator {
        let consumer: String

        func authenticate(_ request: InboundRequest) async -> Authentication { .refused(AuthenticationRefusal(.missing)) }
        func stillAccepts(_ principal: Principal, now: Int64) -> Bool { principal.consumer == consumer }
    }

    private let key = EntryKey(kind: .mcp, name: "a")

    private func principal(_ name: String, expiry: Int64? = nil) -> Principal {
        Principal(consumer: name, credential: CredentialID(kind: .jwt, name: name), expiry: expiry)
    }

    private func snapshot(_ authenticators: [EntryKey: any Authenticator]) -> HubSnapshot {
        HubSnapshot(entries: [:], hosts: HostRule(names: [], allowsLoopback: true), authenticators: authenticators)
    }

    @Test("what a credential opened ends when it does, and not before, and nothing else ends with it")
    func expiry() {
        let callers = LiveCallers()
        let writers = (0..<3).map { _ in Writer() }
        for (writer, expiry) in zip(writers, [100, 200, nil] as [Int64?]) {
            #expect(callers.add(principal("a", expiry: expiry), at: key, writer: writer, since: 0) != nil)
        }
        callers.endExpired(now: 99)
        #expect(writers.map(\.isCut) == [false, false, false])
        callers.endExpired(now: 100)
        #expect(writers.map(\.isCut) == [true, false, false])
        callers.endExpired(now: 250)
        #expect(writers.map(\.isCut) == [true, true, false])
    }

    @Test("a snapshot ends what it would not let in, at once, and who was let in by an earlier one is asked again")
    func revocation() throws {
        let callers = LiveCallers()
        let (kept, revoked, gone) = (Writer(), Writer(), Writer())
        let generation = callers.generation
        #expect(callers.add(principal("a"), at: key, writer: kept, since: generation) != nil)
        #expect(callers.add(principal("b"), at: key, writer: revoked, since: generation) != nil)
        let place = try #require(callers.add(principal("b"), at: key, writer: gone, since: generation))
        callers.remove(place)
        callers.endRevoked(in: snapshot([key: Only(consumer: "a")]), now: 0)
        #expect(!kept.isCut && revoked.isCut && !gone.isCut)
        #expect(callers.add(principal("b"), at: key, writer: gone, since: generation) == nil)
        callers.endRevoked(in: snapshot([:]), now: 0)
        #expect(!kept.isCut, "an entry that has become open lets everybody in")
    }
}
