import NIOCore

/// Notes since when a caller takes too little of what waits for it.
struct WriteStall {
    private var delivered = 0
    private var since: NIODeadline?

    /// Whether it has done so for as long as it may. Asked every second or two.
    mutating func hasLasted(_ bounds: ListenerBounds, now: NIODeadline, delivered: Int, isBehind: Bool, isCrowded: Bool) -> Bool {
        if !isBehind || delivered - self.delivered >= bounds.writeBytes {
            since = nil
            self.delivered = delivered
        }
        guard isBehind else { return false }
        let start = since ?? now
        since = start
        return now >= start + TimeAmount(isCrowded ? bounds.crowdedWriteTime : bounds.writeTime)
    }
}
