/// What one client may have open at the same time.
enum ClientBounds {
    /// The resources that it hears of.
    static let resources = 1_000
    /// What may wait to be written on one of its streams: an update of each of these, and what else is told meanwhile.
    static let unread = resources + 256
}
