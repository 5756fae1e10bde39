import Crypto
import HTTPTypes
import HubCore

/// Chooses the release that gets a conversation.
///
/// 1. If releases are meant for messages with the header fields of this one, it is one of those; otherwise one of those that are meant for any.
/// 2. Of these, one that is away gets no new conversation, unless all are away.
/// 3. Among the rest the name of the conversation decides, by weight: the same one always comes to the same release, without a record.
///
/// What a conversation was given once it keeps: its notes say which, and nothing is chosen.
struct ReleaseChooser: Sendable {
    /// In the order of the configuration.
    let releases: [RemoteRelease]

    /// The release of a name; nil where it is gone.
    func release(named name: String) -> RemoteRelease? { releases.first { $0.name == name } }

    /// The one whose card is the agent's towards callers: of those that are meant for any message the one with the most weight.
    var main: RemoteRelease? {
        let open = releases.filter(\.fields.isEmpty)
        return (open.isEmpty ? releases : open).reduce(nil as RemoteRelease?) { best, next in
            best.map { $0.weight >= next.weight ? $0 : next } ?? next
        }
    }

    /// The release for a new conversation; nil where none is meant for it.
    ///
    /// - Parameters:
    ///   - contextID: its name.
    ///   - fields: the header fields of the message.
    ///   - isAway: whether a release does not answer at present.
    func choose(contextID: String, fields: HTTPFields, isAway: (RemoteRelease) -> Bool) -> RemoteRelease? {
        let meant = releases.filter { !$0.fields.isEmpty && $0.isMeant(for: fields) }
        let candidates = (meant.isEmpty ? releases.filter(\.fields.isEmpty) : meant).filter { $0.weight > 0 }
        let present = candidates.filter { !isAway($0) }
        let pool = present.isEmpty ? candidates : present
        let total = pool.reduce(0 as UInt64) { $0 &+ UInt64($1.weight) }  // of at most 2²⁰ each
        let digest = SHA256.hash(data: Array(contextID.utf8)).prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        var place = digest.multipliedFullWidth(by: total).high
        for release in pool {
            guard place >= UInt64(release.weight) else { return release }
            place -= UInt64(release.weight)
        }
        return nil
    }
}

extension RemoteRelease {
    fileprivate func isMeant(for message: HTTPFields) -> Bool { fields.allSatisfy { message.value($0.name) == $0.value } }
}
