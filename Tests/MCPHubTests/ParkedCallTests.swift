import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("Calls that wait for their clients", .timeLimit(.minutes(1)))
struct ParkedCallTests {
    private let timers = TimerTable()
    private let calls: ParkedCalls

    init() { calls = ParkedCalls(timers: timers, refusals: BoundRefusals()) }

    private static let question = ClientRequest(method: "roots/list", params: ByteBuffer(string: #"{"_meta":{"progressToken":1}}"#))

    private func call(owner: UInt128 = 1, address: String? = nil) -> ParkedCall {
        ParkedCall(
            owner: ParkedOwner(SessionOwner(digest: owner), address: address),
            client: ModernClient(capabilities: .roots, logLevel: nil, channel: .closed), calls: calls)
    }

    private static func document(_ text: String) throws -> JSONDocument { try JSONDocument(parsing: text, limits: .message) }

    /// Asks so many questions at once, and says what came back.
    private static func ask(_ count: Int, _ client: any CallClient) async throws -> Performed {
        let answers = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<count { group.addTask { try await client.ask(question)["n"]?.int ?? 0 } }
            var answers: [Int] = []
            for try await answer in group { answers.append(answer) }
            return answers.sorted()
        }
        return .result(try document("\(answers)"))
    }

    private func answers(_ questions: [(key: String, request: ClientRequest)]) throws -> JSONValue {
        let members = questions.map { #""\#($0.key)":{"n":\#($0.key.dropFirst())}"# }
        return try Self.document("{\(members.joined(separator: ","))}").root
    }

    @Test("questions that are asked side by side are all answered, however the answers are dealt out")
    func dealtOut() async throws {
        for number in 0..<100 {
            let call = call(owner: UInt128(number))
            var event = await call.run { try await Self.ask(5, $0) }
            var rounds = 0
            while case .asks(let questions, let round) = event {
                #expect(questions.allSatisfy { String(buffer: $0.request.params) == "{}" })
                let some = (number + rounds) % 3 == 0 ? questions : Array(questions.prefix(1 + (number + rounds) % 2))
                event = try #require(await call.resume(round: round, answers: try answers(some), channel: .closed))
                rounds += 1
            }
            guard case .finished(.success(.result(let document))) = event else {
                Issue.record("the call failed")
                return
            }
            #expect(document.root.elements.map(\.int) == [1, 2, 3, 4, 5])
        }
        #expect(calls.count == 0)
        #expect(timers.count == 0)
    }

    @Test("of two that bring answers to one round, one goes on and one is refused")
    func twoAtOnce() async throws {
        for _ in 0..<100 {
            let call = call()
            guard case .asks(let questions, let round) = await call.run({ try await Self.ask(1, $0) }) else {
                Issue.record("the call did not ask")
                return
            }
            let answers = try answers(questions)
            async let first = call.resume(round: round, answers: answers, channel: .closed)
            async let second = call.resume(round: round, answers: answers, channel: .closed)
            let events = await [first, second]
            #expect(events.count { $0 == nil } == 1)
        }
        #expect(calls.count == 0)
    }

    @Test("a client that leaves with its retry under way ends the call, whenever it leaves")
    func leaves() async throws {
        for number in 0..<100 {
            let call = call()
            guard case .asks(let questions, let round) = await call.run({ try await Self.ask(2, $0) }) else {
                Issue.record("the call did not ask")
                return
            }
            let answers = try answers(Array(questions.prefix(1)))
            let retry = Task { await call.resume(round: round, answers: answers, channel: .closed) }
            if number % 2 == 0 { await Task.yield() }
            retry.cancel()
            // Either it was asked again before it left, and its time runs out, or the call has ended with it.
            if case .asks = await retry.value { timers.fire(now: .now + .seconds(601)) }
        }
        #expect(calls.count == 0)
        #expect(timers.count == 0)
    }

    @Test("one caller has so many calls waiting and no more: a credential, or an address without one; those without leave room for others")
    func bounds() async {
        var waiting: [ParkedCall] = []
        func isTaken(owner: UInt128, address: String? = nil) async -> Bool {
            let call = call(owner: owner, address: address)
            waiting.append(call)
            if case .asks = await call.run({ try await Self.ask(1, $0) }) { return true }
            return false
        }
        for _ in 0..<ParkedCalls.maximumPerOwner { #expect(await isTaken(owner: 1, address: "192.0.2.\(waiting.count)")) }
        #expect(await !isTaken(owner: 1, address: "192.0.2.99"))
        for number in 0..<ParkedCalls.maximumOfAnonymous {
            #expect(await isTaken(owner: 0, address: "10.0.0.\(number / ParkedCalls.maximumPerOwner)"))
            if number == ParkedCalls.maximumPerOwner - 1 { #expect(await !isTaken(owner: 0, address: "10.0.0.0")) }
        }
        #expect(await !isTaken(owner: 0, address: "10.0.1.0"))
        for number in calls.count..<ParkedCalls.maximum { #expect(await isTaken(owner: UInt128(1_000 + number))) }
        #expect(await !isTaken(owner: 2))
        #expect(calls.count == ParkedCalls.maximum)
        calls.drain()
        #expect(calls.count == 0)
        #expect(await !isTaken(owner: 2))
        #expect(timers.count == 0)
    }

    @Test("who is refused for want of room is told so, and the work ends, whatever the server makes of the refusal")
    func refusal() async {
        for _ in 0..<ParkedCalls.maximumPerOwner { _ = await call().run { try await Self.ask(1, $0) } }
        let isCancelled = NIOLockedValueBox(false)
        let event = await call().run { client in
            _ = try? await client.ask(Self.question)  // as a server that goes on without an answer
            while !Task.isCancelled { await Task.yield() }
            isCancelled.withLockedValue { $0 = true }
            return .result(try Self.document("{}"))
        }
        guard case .finished(.failure(let error as HubError)) = event else {
            Issue.record("the call was not refused")
            return
        }
        #expect(error.code == .overloaded)
        while !isCancelled.withLockedValue({ $0 }) { await Task.yield() }
        calls.drain()
    }

    @Test("a call whose session others wait for waits a minute for its client, any other ten", arguments: [true, false])
    func wanted(byOthers isWanted: Bool) async {
        let now = ContinuousClock.now
        let call = call()
        let event = await call.run { client in
            client.holds { isWanted }
            return try await Self.ask(1, client)
        }
        guard case .asks = event else {
            Issue.record("the call did not ask")
            return
        }
        timers.fire(now: now + .seconds(59))
        #expect(calls.count == 1)
        for _ in 0..<200 { timers.fire(now: .now + .seconds(60)) }
        #expect(calls.count == (isWanted ? 0 : 1))
        timers.fire(now: .now + .seconds(600))
        #expect(calls.count == 0)
        #expect(timers.count == 0)
    }
}
