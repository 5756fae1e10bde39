import HubCore
import HubUpstream
import NIOConcurrencyHelpers

/// Which servers somebody is signed in at, while the hub runs: what a snapshot is built with. Outlives snapshots.
final class SignIns: Sendable {
    /// How things stand at one server.
    struct Standing: Sendable, Hashable {
        /// Moves when somebody signs in anew or the sign-in ends.
        var generation: String
        /// Why calls fail; nil: somebody is signed in.
        var problem: String?
    }

    private struct State {
        var known: [String: (entry: SignInEntry, standing: Standing)] = [:]
        var version: Int?
        var hasChanged = false
    }

    /// Where they are kept.
    let store: StoredSignIns
    private let state = NIOLockedValueBox(State())

    init(_ store: StoredSignIns) {
        self.store = store
    }

    /// How things stand at the servers that are signed in at. From now on changes of these count.
    func standings(of servers: [ServerEntry]) async -> [String: Standing] {
        let version = store.version()  // before they are read: what changes meanwhile is read again
        var known: [String: (entry: SignInEntry, standing: Standing)] = [:]
        for server in servers {
            if let entry = server.signIn { known[server.name] = (entry, await standing(of: server.name, entry)) }
        }
        state.withLockedValue { state in
            state.known = known
            state.version = version
        }
        return known.mapValues(\.standing)
    }

    /// Looks again where the store has changed. To be called each second.
    func refresh() async {
        let known = state.withLockedValue { $0.known }
        guard !known.isEmpty else { return }
        let version = store.version()
        guard version != state.withLockedValue({ $0.version }) else { return }
        var isChanged = false
        for (name, (entry, standing)) in known where await self.standing(of: name, entry) != standing { isChanged = true }
        state.withLockedValue { state in
            state.version = version
            if isChanged { state.hasChanged = true }
        }
    }

    /// Whether somebody has signed in or out, or a sign-in has ended, since this was last asked.
    func takeChange() -> Bool {
        state.withLockedValue { state in
            defer { state.hasChanged = false }
            return state.hasChanged
        }
    }

    private func standing(of name: String, _ entry: SignInEntry) async -> Standing {
        do throws(SecretError) {
            guard let signIn = try await store.read(name) else { return Standing(generation: "none", problem: "nobody is signed in there") }
            guard signIn.server.utf8.elementsEqual(entry.url.text.utf8) else {
                return Standing(generation: "other", problem: "its address has changed since somebody signed in there")
            }
            return signIn.isOver
                ? Standing(generation: "\(signIn.id)/over", problem: "the sign-in there has ended") : Standing(generation: signIn.id)
        } catch {
            return Standing(generation: "unknown", problem: "its sign-in cannot be read: \(error)")
        }
    }
}
