import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import hubd

@Suite struct SecretKeeperTests {
    /// Files, a store, a remote place and a clock that exist only in a test.
    private final class World: Sendable {
        struct State {
            var files: [String: String] = [:]
            var writes: UInt64 = 0
            var fileReads = 0
            var stored: [String: String] = [:]
            var storeVersion = 1
            var now = ContinuousClock.now
            var logged: [String] = []
        }

        let state = NIOLockedValueBox(State())
        let vault = TestBackend()

        func write(_ text: String?, to path: String) {
            state.withLockedValue {
                $0.files[path] = text
                $0.writes += 1
            }
        }

        func store(_ text: String?, as name: String) {
            state.withLockedValue {
                $0.stored[name] = text
                $0.storeVersion += 1
            }
        }

        func advance(by duration: Duration) { state.withLockedValue { $0.now += duration } }

        var logged: [String] { state.withLockedValue { $0.logged } }

        func keeper(environment: [String: String] = [:], withVault: Bool = true, table: BackendTable? = nil) -> SecretKeeper {
            let local = LocalSecrets(
                environment: environment,
                read: { (path, _) throws(ConfigFileError) in
                    let text = self.state.withLockedValue { state in
                        state.fileReads += 1
                        return state.files[path]
                    }
                    guard let text else { throw ConfigFileError(isMissing: true, reason: "there is no such file") }
                    return ByteBuffer(string: text)
                },
                stamp: { path in self.state.withLockedValue { $0.files[path] == nil ? nil : FileStamp(number: $0.writes) } })
            return SecretKeeper(
                local: local, store: TestStore(world: self), backends: table ?? BackendTable(withVault ? [.vault: vault] : [:]),
                now: { self.state.withLockedValue { $0.now } }, logger: Logger(label: "test") { _ in TestLog(world: self) })
        }
    }

    private struct TestStore: VersionedSecrets {
        let world: World

        func version() -> Int? { world.state.withLockedValue { $0.storeVersion } }

        func read(_ name: String, field: String?) async throws(SecretError) -> Secret {
            guard let text = world.state.withLockedValue({ $0.stored[name] }) else { throw SecretError(.missing, "no secret \(name)") }
            return Secret(text)
        }
    }

    /// A remote place that answers as told, or waits at a gate.
    private final class TestBackend: SecretBackend {
        struct State {
            var answer: Result<Secret, SecretError> = .success(Secret("one"))
            var reads = 0
            var isClosed = false
            var waiting: [CheckedContinuation<Void, Never>] = []
            var arrivals: [CheckedContinuation<Void, Never>] = []
        }

        let state = NIOLockedValueBox(State())

        func read(_ name: String, field: String?) async throws(SecretError) -> Secret {
            let arrivals = state.withLockedValue { state in
                state.reads += 1
                defer { state.arrivals = [] }
                return state.arrivals
            }
            for arrival in arrivals { arrival.resume() }
            await withCheckedContinuation { continuation in
                let isOpen = state.withLockedValue { state in
                    if state.isClosed { state.waiting.append(continuation) }
                    return !state.isClosed
                }
                if isOpen { continuation.resume() }
            }
            return try state.withLockedValue { $0.answer }.get()
        }

        var reads: Int { state.withLockedValue { $0.reads } }
        func answer(_ answer: Result<Secret, SecretError>) { state.withLockedValue { $0.answer = answer } }
        func close() { state.withLockedValue { $0.isClosed = true } }

        func open() {
            let waiting = state.withLockedValue { state in
                state.isClosed = false
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }

        /// Until somebody has asked.
        func arrival() async {
            await withCheckedContinuation { continuation in
                let hasArrived = state.withLockedValue { state in
                    if state.reads == 0 { state.arrivals.append(continuation) }
                    return state.reads > 0
                }
                if hasArrived { continuation.resume() }
            }
        }
    }

    private struct TestLog: LogHandler {
        let world: World
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        init(world: World) { self.world = world }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.level): \(event.message) \(event.metadata ?? [:])"
            world.state.withLockedValue { $0.logged.append(line) }
        }
    }

    /// What a hub does each second.
    private func refresh(_ keeper: SecretKeeper) async {
        await keeper.refreshLocals()
        await keeper.refreshRemotes()
    }

    private func reference(_ text: String, line: Int = 1) throws -> SecretReference {
        try #require(SecretReference(text, directory: "/d", place: SourcePlace(file: "hub.yaml:\(line)")))
    }

    private func value(_ keeper: SecretKeeper, _ reference: SecretReference, isForced: Bool = false) async throws -> String? {
        try await keeper.resolve([reference], isForced: isForced).value(of: reference)?.revealed
    }

    @Test("each kind of reference is read from its place")
    func kinds() async throws {
        let world = World()
        world.write("from a file\r\n", to: "/d/f")
        world.store("from the store", as: "s")
        let keeper = world.keeper(environment: ["E": "from the environment"])
        #expect(try await value(keeper, reference("env:E")) == "from the environment")
        #expect(try await value(keeper, reference("file:f")) == "from a file")
        #expect(try await value(keeper, reference("store:s")) == "from the store")
        #expect(try await value(keeper, reference("vault:hub/a#key")) == "one")
        #expect(!keeper.takeChange())
    }

    @Test("what is missing here is an error where it is named", arguments: ["env:E", "file:f", "store:s", "aws-secrets:a#b"])
    func missing(text: String) async throws {
        let keeper = World().keeper()
        let first = try reference(text, line: 3)
        let second = try reference(text, line: 4)
        let resolved = await keeper.resolve([first, second], isForced: true)
        for reference in [first, second] {
            let error = #expect(throws: ConfigFinding.self) { try resolved.value(of: reference) }
            #expect(error?.place == reference.place)
            #expect(error?.severity == .error)
        }
    }

    @Test("a file is read again when it is another one, and a change is told once")
    func changedFile() async throws {
        let world = World()
        world.write("one", to: "/d/f")
        let keeper = world.keeper()
        let file = try reference("file:f")
        #expect(try await value(keeper, file) == "one")
        for _ in 0..<3 { await refresh(keeper) }
        #expect(try await value(keeper, file) == "one")
        #expect(world.state.withLockedValue { $0.fileReads } == 1)
        #expect(!keeper.takeChange())
        world.write("one", to: "/d/f")  // written to, and the same
        await refresh(keeper)
        #expect(!keeper.takeChange())
        world.write("two", to: "/d/f")
        await refresh(keeper)
        #expect(keeper.takeChange())
        #expect(!keeper.takeChange())
        #expect(try await value(keeper, file) == "two")
        #expect(world.state.withLockedValue { $0.fileReads } == 3)
    }

    @Test("a change that a look-up comes upon is told too, so that every user of the secret takes it up")
    func changeSeenByLookUp() async throws {
        let world = World()
        world.store("one", as: "s")
        let keeper = world.keeper()
        _ = try await value(keeper, reference("store:s"))
        world.store("two", as: "s")
        #expect(try await value(keeper, reference("store:s")) == "two")
        #expect(keeper.takeChange())
    }

    @Test("a local secret that cannot be read any more stays in force, is logged once without its value, and is an error on a reload")
    func vanished() async throws {
        let world = World()
        world.write("swordfish", to: "/d/f")
        world.store("swordfish", as: "s")
        let keeper = world.keeper()
        let references = [try reference("file:f"), try reference("store:s")]
        for reference in references { _ = try await value(keeper, reference) }
        world.write(nil, to: "/d/f")
        world.store(nil, as: "s")
        for reference in references {
            await #expect(throws: ConfigFinding.self) { try await value(keeper, reference, isForced: true) }
            #expect(try await value(keeper, reference) == "swordfish")
        }
        for _ in 0..<3 { await refresh(keeper) }
        #expect(world.logged.count == 2)
        #expect(world.logged.allSatisfy { $0.hasPrefix("error") && !$0.contains("swordfish") })
        #expect(!keeper.takeChange())
    }

    @Test("a place that is away costs only what needs it, and is tried again")
    func remoteOutage() async throws {
        let world = World()
        world.vault.answer(.failure(SecretError(.unavailable, "sealed")))
        let keeper = world.keeper()
        let secret = try reference("vault:hub/a#key")
        let resolved = await keeper.resolve([secret], isForced: true)
        #expect(try resolved.value(of: secret) == nil)
        let finding = try #require(resolved.firstAway(of: [try reference("env:X"), secret]))
        #expect(finding.severity == .warning)
        #expect(finding.message == "vault:hub/a#key cannot be read: sealed")
        world.advance(by: .seconds(9))
        await refresh(keeper)
        #expect(world.vault.reads == 1)
        world.vault.answer(.success(Secret("one")))
        world.advance(by: .seconds(1))
        await refresh(keeper)
        #expect(keeper.takeChange())
        #expect(try await value(keeper, secret) == "one")
        #expect(world.vault.reads == 2)
        #expect(world.logged.map { $0.prefix { $0 != ":" } } == ["warning", "notice"])
        #expect(world.logged.allSatisfy { !$0.contains("one") || $0.contains("vault:hub/a#key") })
    }

    @Test("a remote value is asked for again after five minutes, serves on for an hour while the place is away, and is given up then")
    func staleValue() async throws {
        let world = World()
        let keeper = world.keeper()
        let secret = try reference("vault:hub/a#key")
        _ = try await value(keeper, secret)
        world.advance(by: .seconds(299))
        await refresh(keeper)
        #expect(world.vault.reads == 1)
        world.vault.answer(.failure(SecretError(.unavailable, "away")))
        world.advance(by: .seconds(1))
        await refresh(keeper)
        #expect(world.vault.reads == 2)
        #expect(try await value(keeper, secret) == "one")
        world.advance(by: .seconds(3299))
        await refresh(keeper)
        #expect(try await value(keeper, secret) == "one")
        #expect(!keeper.takeChange())
        world.advance(by: .seconds(1))
        await refresh(keeper)
        #expect(keeper.takeChange())
        #expect(try await value(keeper, secret) == nil)
    }

    @Test("many who want a secret at once make one request of its place")
    func singleFlight() async throws {
        let world = World()
        world.vault.close()
        let keeper = world.keeper()
        let secret = try reference("vault:hub/a#key")
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<20 {
                group.addTask { try? await self.value(keeper, secret) }
            }
            await world.vault.arrival()
            world.vault.open()
            for await value in group { #expect(value == "one") }
        }
        #expect(world.vault.reads == 1)
    }

    @Test("who asked and is told to stop leaves no failure behind")
    func cancellation() async throws {
        let world = World()
        world.vault.close()
        let keeper = world.keeper()
        let secret = try reference("vault:hub/a#key")
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await self.value(keeper, secret) }
            await world.vault.arrival()
            group.cancelAll()
            world.vault.answer(.failure(SecretError(.unavailable, "cancelled")))
            world.vault.open()
        }
        world.vault.answer(.success(Secret("one")))
        #expect(try await value(keeper, secret) == "one")
    }

    @Test("a secret whose place is not written when it is due is asked for again once it is")
    func placeComesBack() async throws {
        let world = World()
        let table = BackendTable([.vault: world.vault])
        let keeper = world.keeper(table: table)
        let secret = try reference("vault:hub/a#key")
        #expect(try await value(keeper, secret) == "one")
        table.replace(with: SecretPlaces(), of: SecretStores())
        world.advance(by: .seconds(300))
        await refresh(keeper)
        table.replace(with: SecretPlaces(backends: [.vault: world.vault]), of: SecretStores())
        world.vault.answer(.success(Secret("two")))
        await refresh(keeper)
        #expect(try await value(keeper, secret) == "two")
    }

    @Test("what another place of the same kind keeps under the same name is another secret")
    func otherPlace() async throws {
        let world = World()
        let (table, other) = (BackendTable(), TestBackend())
        other.answer(.success(Secret("of another place")))
        func stores(_ url: String) throws -> SecretStores {
            let token = try reference("env:T")
            return SecretStores(vault: SecretStores.Vault(address: try #require(HTTPAddress(url)), login: .token(token)))
        }
        let keeper = world.keeper(table: table)
        let secret = try reference("vault:hub/a#key")
        table.replace(with: SecretPlaces(backends: [.vault: world.vault]), of: try stores("https://one.test"))
        #expect(try await value(keeper, secret) == "one")
        // As a reload does that is refused in the end.
        table.replace(with: SecretPlaces(backends: [.vault: other]), of: try stores("https://other.test"))
        #expect(try await value(keeper, secret, isForced: true) == "of another place")
        table.replace(with: SecretPlaces(backends: [.vault: world.vault]), of: try stores("https://one.test"))
        keeper.retain([secret])
        #expect(try await value(keeper, secret) == "one" && !keeper.takeChange())
        world.advance(by: .seconds(300))
        await refresh(keeper)
        #expect(other.reads == 1 && world.vault.reads == 2)
    }

    @Test("a value without bounds is refused")
    func largeValue() async throws {
        let world = World()
        world.vault.answer(.success(Secret(String(repeating: "x", count: 65_537))))
        let keeper = world.keeper()
        #expect(try await value(keeper, reference("vault:hub/a#key")) == nil)
    }

    @Test("what no configuration names any more is forgotten, and no longer asked for")
    func retains() async throws {
        let world = World()
        world.write("one", to: "/d/f")
        let keeper = world.keeper()
        let remote = try reference("vault:hub/a#key")
        _ = try await value(keeper, remote)
        _ = try await value(keeper, reference("file:f"))
        keeper.retain([])
        world.write("two", to: "/d/f")
        world.advance(by: .seconds(4000))
        await refresh(keeper)
        #expect(world.vault.reads == 1)
        #expect(!keeper.takeChange())
    }

    @Test("a scheme without a back end is not in this version")
    func absentBackend() async throws {
        let keeper = World().keeper(withVault: false)
        let secret = try reference("vault:hub/a#key")
        let error = await #expect(throws: ConfigFinding.self) { try await keeper.value(of: secret) }
        #expect(error?.message == "\"vault:\" is not in this version")
    }
}
