import ArgumentParser
import HubCore
import HubServer
import HubStore
import HubUpstream
import Logging
import NIOCore

struct SignInCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signin", abstract: "Signs in at an MCP server with OAuth, once, for the hub.",
        discussion: """
            Prints the address to open in a browser, and waits for the answer on this machine. From another machine, paste the address that \
            the browser ends at, though it shows no page. A hub that runs uses the sign-in within a second, and renews it by itself.

            Example: hubd signin notion --config hub.yaml
            """)

    @Argument(help: "The server, as the configuration names it.")
    var server: String

    @Flag(help: "Do not listen for the answer: it will be pasted.")
    var noBrowser = false

    @Option(help: "The port of this machine that the answer comes to; 0 takes a free one.")
    var port = SignInEntry.defaultPort

    @Flag(help: "Forget the sign-in.")
    var forget = false

    @OptionGroup var options: ConfigOptions

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port takes a number from 0 to 65535.") }
    }

    func run() async throws {
        let access = try await StoreAccess(options)
        try await StoreAccess.explaining {
            do {
                if forget { return try await forget(access) }
                let entry = try entry(of: access.settings)
                try await signIn(SignInWork(server: server, entry: entry, access: access))
            } catch let error as SignInError {
                throw CommandFailure(error.description)
            } catch let error as SecretError {
                throw CommandFailure(error.description)
            }
        }
    }

    private func entry(of settings: Settings) throws -> SignInEntry {
        if let entry = settings.servers.first(where: { $0.name == server })?.signIn { return entry }
        guard let known = settings.servers.first(where: { $0.name == server }) else {
            let near = NearestName.find(server, among: settings.servers.compactMap { $0.signIn == nil ? nil : $0.name })
            throw CommandFailure(
                "the configuration has no server \(ConfigFinding.quoted(server))" + (near.map { "; did you mean \($0)?" } ?? ""))
        }
        guard case .mcp = known.description.value else {
            throw CommandFailure("\(server) is no MCP server with an address, and nobody signs in at anything else")
        }
        throw CommandFailure("\(server) has no sign-in; write `credential: { oauthUser: {} }` at it")
    }

    private func forget(_ access: StoreAccess) async throws {
        guard EntryName.isValid(server) else { throw CommandFailure("\(ConfigFinding.quoted(server)) is not the name of a server") }
        let hold = try await StoredSignIns.hold(server, in: access.data.path)
        defer { withExtendedLifetime(hold) {} }
        do {
            try access.secrets(for: .signIn).remove(server)
        } catch let error as StoreError where error.kind == .missing {
            throw CommandFailure("nobody is signed in at \(server)")
        }
        Console.print("forgot the sign-in at \(server); its tokens stay good there until they end, or until you withdraw them there")
    }

    private func signIn(_ work: SignInWork) async throws {
        let found = try await work.discover()
        let receiver = RedirectReceiver()
        let listener = noBrowser ? nil : try await listen(receiver)
        defer { receiver.finish() }
        do {
            let port = listener.flatMap { HTTPAddress("http://\($0.address)")?.port } ?? (port == 0 ? SignInEntry.defaultPort : port)
            let (client, request) = try await work.prepare(found, redirectURI: SignInEntry.redirectURI(port: port))
            receiver.expect(request)
            Console.print("open this address in a browser, and sign in at \(found.server.issuer):\n\n\(request.url)\n")
            Console.error(
                listener == nil
                    ? "then paste the address that the browser ends at, and press return"
                    : "waiting for \(Self.limitText) for the answer at \(request.redirectURI); from another machine, paste the address that the "
                        + "browser ends at, and press return")
            let code = try await answer(to: receiver, isOnlyPasted: listener == nil)
            let kept = try await work.finish(code, request, client: client, found: found)
            Console.print("signed in at \(found.server.issuer); tokens are for \(found.resource) alone")
            if !kept.scopes.isEmpty { Console.print("scopes: \(kept.scopes.joined(separator: " "))") }
            if kept.refreshToken == nil {
                Console.error("note: no refresh token was given, so that somebody has to sign in again when the token ends")
            }
        } catch {
            await listener?.shutDown(limit: .seconds(1))
            throw error
        }
        await listener?.shutDown(limit: .seconds(1))
    }

    private static let limit = Duration.seconds(600)
    private static let limitText = "10 minutes"

    private func listen(_ receiver: RedirectReceiver) async throws -> Listener {
        do {
            return try await Listener.start(
                on: .bind(host: "127.0.0.1", port: port), bounds: ListenerBounds(connections: 64, inFlight: 16), responder: receiver,
                logger: Logger(label: "hubd") { _ in SwiftLogNoOpLogHandler() })
        } catch {
            throw CommandFailure(
                "nothing can be waited for at 127.0.0.1:\(port): \(error); choose another with --port, or paste the answer with --no-browser"
            )
        }
    }

    /// The code, from whichever way the answer comes.
    private func answer(to receiver: RedirectReceiver, isOnlyPasted: Bool) async throws -> Secret {
        try await withThrowingTaskGroup(of: AuthorizationRequest.Answer?.self) { group in
            group.addTask { await receiver.answer() }
            group.addTask {
                try await Task.sleep(for: Self.limit)
                throw CommandFailure("nobody signed in within \(Self.limitText)")
            }
            group.addTask {
                for await line in PastedLines() {
                    guard let query = RedirectReceiver.query(ofPasted: line) else { continue }
                    if case .foreign = receiver.take(query) { Console.error("this is no answer to the address above; paste all of it") }
                }
                if isOnlyPasted { throw CommandFailure("standard input ended before an answer was pasted") }
                return nil
            }
            defer { group.cancelAll() }
            while let answer = try await group.next() {
                switch answer {
                case .code(let code): return code
                case .refused(let word): throw CommandFailure("the authorization server said no" + (word.map { ": \($0)" } ?? ""))
                case .otherIssuer:
                    throw CommandFailure(
                        "the answer is another authorization server's, which may be an attempt to get at a token: nothing was sent anywhere"
                    )
                case .foreign, nil: continue
                }
            }
            throw CommandFailure("nobody signed in")
        }
    }
}
