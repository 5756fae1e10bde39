import HubCore
import HubStore
import NIOConcurrencyHelpers
import NIOCore

/// What was decided about the definitions of tools, while the hub runs: what a snapshot is built with. Outlives snapshots.
///
/// 1. The first list of a server is taken as it is, but for definitions in which something looks like an attack.
/// 2. What changes or comes later is held until somebody decides about it. Where the operator moves a server elsewhere, what is not known
/// yet by name counts as a first list, and what is known and changed does not.
/// 3. A decision is about one definition, to the byte: the next one is held again.
final class ToolApprovals: Sendable {
    /// The tools of one server, to be judged.
    struct Listed: Sendable {
        /// The server, by the name of its entry.
        var server: String
        /// What stands for where it is: an operator who names another place begins anew with what is not known yet.
        var place: String
        /// Its tools as it lists them, before the operator's changes.
        var tools: [ToolDefinition]
    }

    /// How things stand with one server.
    struct Standing: Sendable {
        /// For each tool of the list, in its order.
        var tools: [ToolStanding] = []
        /// Why it could not be kept in the store; nil: it is there.
        var problem: String?
    }

    /// What was judged and could not be kept: it counts all the same, and is kept when the store takes it.
    private struct Unsaved {
        var place: String
        var fresh: [ToolApproval]
        var standing: ApprovalRepository.Standing
    }

    private struct State {
        var unsaved: [String: Unsaved] = [:]
        /// Those that the last snapshot was built with.
        var known: [String: ApprovalRepository.Standing] = [:]
        var places: [String: String] = [:]
        var version: Int?
        var hasChanged = false
        var held: [(server: String, tools: Int)] = []
        /// The digests of lists that have not changed since.
        var digests: [String: (tools: [ToolDefinition], digests: [DefinitionDigest?])] = [:]
    }

    private let store: OpenedStore
    private let state = NIOLockedValueBox(State())

    /// - Parameter store: where decisions are kept.
    init(_ store: OpenedStore) { self.store = store }

    /// How many tools of each server wait, as of the last judging.
    var held: [(server: String, tools: Int)] { state.withLockedValue { $0.held } }

    // MARK: Judging

    /// Judges the tools of servers. From now on changes of what was decided about these count.
    ///
    /// - Parameters:
    ///   - lists: what each server lists now.
    ///   - isRecording: whether what is new is kept, as a hub does that serves; without it nothing is written.
    ///   - now: seconds since 1970.
    /// - Returns: the standings by server.
    func judge(_ lists: [Listed], isRecording: Bool, now: Int64) -> [String: Standing] {
        guard !lists.isEmpty else {
            state.withLockedValue { ($0.known, $0.held) = ([:], []) }
            return [:]
        }
        let version = store.version()  // before they are read: what changes meanwhile is read again
        let places = Dictionary(lists.map { ($0.server, $0.place) }, uniquingKeysWith: { first, _ in first })
        var problem: String?
        var known: [String: ApprovalRepository.Standing] = [:]
        var repository: ApprovalRepository?
        do throws(StoreError) {
            repository = try store.database(isMaking: isRecording).map { ApprovalRepository($0) }
            known = try repository?.standings(of: places) ?? [:]
        } catch {
            problem = error.description
            known = state.withLockedValue { $0.known }  // better than to begin anew
        }
        let neighbours = DefinitionNeighbours(lists.map { (server: $0.server, names: $0.tools.map(\.name)) })
        var standings: [String: Standing] = [:]
        for list in lists {
            let unsaved = state.withLockedValue { $0.unsaved[list.server] }.flatMap { $0.place == list.place ? $0 : nil }
            let before = unsaved?.standing ?? known[list.server] ?? ApprovalRepository.Standing()
            let made = state.withLockedValue { $0.digests[list.server] }.flatMap { $0.tools == list.tools ? $0.digests : nil }
            var judge = DefinitionJudge(list, before, digests: made, now: now)
            judge.judge(beside: neighbours)
            let fresh = (unsaved?.fresh ?? []).filter { $0.state == .pinned || judge.listed.contains($0.digest) } + judge.fresh
            var isSaved = true
            if isRecording, judge.isNews || unsaved != nil {
                isSaved = problem == nil  // where one waited for the store in vain, the others need not
                if isSaved {
                    do throws(StoreError) {
                        try repository?.take(fresh, listed: judge.listed, of: list.server, at: list.place, now: now)
                    } catch {
                        problem = error.description
                        isSaved = false
                    }
                }
            }
            state.withLockedValue { [standing = judge.after, digests = judge.digests] state in
                state.digests[list.server] = (list.tools, digests)
                state.unsaved[list.server] = isSaved ? nil : Unsaved(place: list.place, fresh: fresh, standing: standing)
            }
            let standing = Standing(tools: judge.standings, problem: problem)
            known[list.server] = judge.after
            standings[list.server] = standing
        }
        state.withLockedValue { state in
            state.known = known
            state.places = places
            state.version = version
            state.held = lists.map { list in
                (list.server, standings[list.server]?.tools.count { $0 == .held } ?? 0)
            }
            state.digests = state.digests.filter { known[$0.key] != nil }
            state.unsaved = state.unsaved.filter { known[$0.key] != nil }
        }
        return standings
    }

    // MARK: Changes

    /// Looks again where the store has changed. To be called each second.
    func refresh() {
        let (known, places, before) = state.withLockedValue { ($0.known, $0.places, $0.version) }
        guard !known.isEmpty else { return }
        let version = store.version()
        guard let version, version != before else { return }
        guard let database = try? store.database(), let read = try? ApprovalRepository(database).standings(of: places) else {
            return  // in a second it is tried again
        }
        state.withLockedValue { state in
            state.version = version
            if read != known { state.hasChanged = true }
        }
    }

    /// Whether anything was decided since this was last asked.
    func takeChange() -> Bool {
        state.withLockedValue { state in
            defer { state.hasChanged = false }
            return state.hasChanged
        }
    }
}
