/// What was decided about a tool as its server lists it now.
enum ToolStanding: Sendable, Hashable {
    /// Nobody asks.
    case unjudged
    /// The server's first list had it.
    case pinned
    /// Somebody approved it.
    case approved
    /// It waits for somebody to decide.
    case held
    /// Somebody rejected it.
    case rejected

    /// Whether an entry shows it.
    func isShown(under pin: TrustEntry.Pin) -> Bool {
        switch (self, pin) {
        case (_, .off), (.unjudged, _), (.approved, _): true
        case (.pinned, .firstUse): true
        case (.pinned, .approval), (.held, _), (.rejected, _): false
        }
    }
}
