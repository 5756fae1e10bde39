import HubCore

/// Hears what a server says in the session that its lists are read in. One for each session: the word of one that is over does not count.
final class DirectoryObserver: SessionObserver {
    private weak let server: UpstreamServer?

    init(_ server: UpstreamServer) {
        self.server = server
    }

    func changed(_ kind: ChangeKind) { server?.heard(from: self) }

    func updated(resource uri: String) { server?.updated(resource: uri, from: self) }

    func ended(_ error: HubError?) { server?.ended(self, error) }
}
