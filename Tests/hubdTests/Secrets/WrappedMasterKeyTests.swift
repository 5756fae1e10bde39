import Crypto
import FoundationEssentials
import HTTPTypes
import HubCore
import HubServer
import HubStore
import HubUpstream
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import hubd

@Suite("master keys that are kept wrapped", .timeLimit(.minutes(1)))
struct WrappedMasterKeyTests {
    /// A KMS that wraps by turning each bit over; the keys that it makes are numbered.
    private final class KeyService: HTTPResponder {
        struct State {
            var made: UInt8 = 0
            var opened = 0
            /// What it answers in place of a key.
            var refusal: String?
            /// What it opens to, in place of what it made.
            var forgery: UInt8?
            /// Runs when a key was made, before it is answered.
            var whenMade: (@Sendable () -> Void)?
        }

        let state = NIOLockedValueBox(State())

        func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
            let (status, body) = answer(String(buffer: request.body))
            try await writer.respond(HTTPResponse(status: .init(code: status)), body: ByteBuffer(string: body))
        }

        private func answer(_ request: String) -> (Int, String) {
            if let refusal = state.withLockedValue({ $0.refusal }) { return (400, #"{"__type":"\#(refusal)"}"#) }
            if request.contains("KeySpec") {
                let (number, whenMade) = state.withLockedValue { state in
                    state.made += 1
                    return (state.made, state.whenMade)
                }
                whenMade?()
                let plain = [UInt8](repeating: number, count: 32)
                return (200, #"{"CiphertextBlob":"\#(Base64.encode(plain.map(~)))","Plaintext":"\#(Base64.encode(plain))"}"#)
            }
            let forgery = state.withLockedValue { state in
                state.opened += 1
                return state.forgery
            }
            let wrapped = request.split(separator: #""CiphertextBlob":""#).last?.prefix { $0 != "\"" } ?? ""
            let plain = forgery.map { [UInt8](repeating: $0, count: 32) } ?? (Base64.decode(String(wrapped)) ?? []).map(~)
            return (200, #"{"Plaintext":"\#(Base64.encode(plain))"}"#)
        }
    }

    /// A data folder and a KMS.
    private final class Fixture {
        let data: DataDirectory
        let service = KeyService()
        let backends: BackendTable
        private let listener: Listener

        init() async throws {
            data = try DataDirectory(
                path: FileManager.default.temporaryDirectory.appending(path: "hubd-test-\(UInt64.random(in: .min ... .max))").path)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            listener = try await Listener.start(
                on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(), responder: service, logger: logger)
            backends = BackendTable(
                keys: try AWSKeyService(
                    AWSCredential(id: "a", secret: Secret("b"), region: "c", service: AWSKeyService.service),
                    endpoint: HTTPAddress("http://\(listener.address)"), registry: UpstreamRegistry(timers: TimerTable()), logger: logger))
        }

        deinit {
            try? FileManager.default.removeItem(atPath: data.path)  // a leftover in the temporary folder harms nobody
        }

        func reference(_ id: String) throws -> SecretReference {
            try #require(SecretReference("aws-kms:" + id, directory: "", place: SourcePlace(file: "hub.yaml")))
        }

        /// What a process finds that starts now.
        func source(_ id: String = "alias/a") throws -> MasterKeySource {
            try MasterKeySource(data: data, reference: reference(id), local: LocalSecrets(environment: [:]), backends: backends)
        }

        func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: data.path).sorted() }
    }

    private static func key(_ number: UInt8) -> SymmetricKey { SymmetricKey(data: [UInt8](repeating: number, count: 32)) }

    @Test("one is made once, kept as only KMS opens it, for the owner alone, and opened at each start")
    func starts() async throws {
        let fixture = try await Fixture()
        for _ in 0..<3 { #expect(try await fixture.source().inForce() == Self.key(1)) }
        #expect(fixture.service.state.withLockedValue { $0.made } == 1)
        let file = fixture.data.wrappedKeyPath(of: "alias/a")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == Base64.encode([UInt8](repeating: 254, count: 32)) + "\n")
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
        #expect(try fixture.files() == [String(file.dropFirst(fixture.data.path.count + 1))])
    }

    @Test("a process asks for it once")
    func openedOnce() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.source().inForce()
        let source = try fixture.source()
        let before = fixture.service.state.withLockedValue { $0.opened }
        for _ in 0..<3 { _ = try await source.inForce() }
        _ = try await source.ring(isMaking: false)
        #expect(fixture.service.state.withLockedValue { $0.opened } == before + 1)
    }

    @Test("another process that was faster has its key taken, by both")
    func race() async throws {
        let fixture = try await Fixture()
        let data = fixture.data
        fixture.service.state.withLockedValue { state in
            state.whenMade = { _ = try? data.keepWrappedKey([UInt8](repeating: ~77, count: 32), of: "alias/a") }  // seen below
        }
        #expect(try await fixture.source().inForce() == Self.key(77))
        #expect(try await fixture.source().inForce() == Self.key(77))
        #expect(fixture.service.state.withLockedValue { $0.made } == 1)
    }

    @Test("one that KMS does not open again to the same is not kept")
    func notOpened() async throws {
        let fixture = try await Fixture()
        fixture.service.state.withLockedValue { $0.forgery = 9 }
        await #expect(throws: ConfigFinding.self) { try await fixture.source().inForce() }
        #expect(try fixture.files() == [])
    }

    @Test("a check tries it, and keeps nothing")
    func attempt() async throws {
        let fixture = try await Fixture()
        try await fixture.source().attempt()
        #expect(try fixture.files() == [])
        fixture.service.state.withLockedValue { $0.refusal = "DisabledException" }
        let error = await #expect(throws: ConfigFinding.self) { try await fixture.source().attempt() }
        #expect(error?.severity == .error && error?.message.contains("disabled") == true)
    }

    @Test("where only reading is asked for, none is made, and the error says where it belongs")
    func onlyRead() async throws {
        let fixture = try await Fixture()
        let error = await #expect(throws: ConfigFinding.self) { try await fixture.source().ring(isMaking: false) }
        #expect(error?.message.contains(fixture.data.wrappedKeyPath(of: "alias/a")) == true)
        #expect(try fixture.files() == [] && fixture.service.state.withLockedValue { $0.made } == 0)
    }

    @Test(
        "a file that was cut or changed is an error that names it",
        arguments: ["", "\n", "A", "AQ", "swordfish!", String(repeating: "A", count: 9_300)])
    func damaged(text: String) async throws {
        let fixture = try await Fixture()
        let file = fixture.data.wrappedKeyPath(of: "alias/a")
        try FileAccess.createPrivate(file, contents: text)
        let error = await #expect(throws: DataDirectory.DataError.self) { try await fixture.source().inForce() }
        #expect(error?.description.contains(file) == true && error?.description.contains("swordfish") == false)
        #expect(fixture.service.state.withLockedValue { $0.made } == 0)
    }

    @Test("each identifier has a key of its own")
    func identifiers() async throws {
        let fixture = try await Fixture()
        #expect(try await fixture.source("a").inForce() != fixture.source("b").inForce())
        #expect(try fixture.files().count == 2)
        for name in try fixture.files() { #expect(name.hasPrefix("master.kms.") && name.utf8.count == 43) }
        let longest = String(repeating: "a", count: 2048)
        #expect(try await fixture.source(longest).inForce() == fixture.source(longest).inForce())
    }

    @Test("a rotation goes from one to another and back, and every secret opens")
    func rotation() async throws {
        let fixture = try await Fixture()
        let secrets = SecretRepository(try HubDatabase(path: fixture.data.storePath))
        try secrets.set("s", to: Secret("value"), keys: try await fixture.source("a").ring(isMaking: true), now: 1)
        for (from, to) in [("a", "b"), ("b", "a")] {
            let rotation = SecretRotation(data: fixture.data, masterKey: try fixture.source(to))
            #expect(try await rotation.run(from: fixture.reference(from), secrets: secrets).moved == 1)
            #expect(try secrets.read("s", keys: try await fixture.source(to).ring(isMaking: false)) == Secret("value"))
            #expect(throws: StoreError.self) { try secrets.read("s", keys: MasterKeyRing(try #require(MasterKey(Self.key(99))))) }
        }
        #expect(fixture.service.state.withLockedValue { $0.made } == 2)
    }

    @Test("a rotation from a key of which the folder has nothing changes nothing")
    func rotationFromNothing() async throws {
        let fixture = try await Fixture()
        let secrets = SecretRepository(try HubDatabase(path: fixture.data.storePath))
        try secrets.set("s", to: Secret("value"), keys: try await fixture.source("a").ring(isMaking: true), now: 1)
        let rotation = SecretRotation(data: fixture.data, masterKey: try fixture.source("a"))
        let error = await #expect(throws: ConfigFinding.self) { try await rotation.run(from: fixture.reference("b"), secrets: secrets) }
        #expect(error?.message.contains("there is no master key of aws-kms:b") == true)
    }
}
