import HubCore

/// Counts durations in fixed buckets, for Prometheus. Recording is three atomic additions.
final class Histogram: Sendable {
    /// Upper bounds in seconds; the last bucket is everything above.
    static let bounds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    private let counts: [Counter]
    private let nanoseconds = Counter()

    init() {
        counts = (0...Self.bounds.count).map { _ in Counter() }
    }

    func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let value = Double(seconds) + Double(attoseconds) / 1e18
        let index = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        counts[index].increment()
        nanoseconds.increment(by: UInt64(clamping: Int64(max(0, value * 1e9).rounded(.down))))
    }

    /// Appends the series of one histogram; `labels` is empty or `name="value",`.
    func write(name: String, labels: String, to text: inout String) {
        var cumulative: UInt64 = 0
        for (index, count) in counts.enumerated() {
            cumulative += count.value
            let bound = index < Self.bounds.count ? "\(Self.bounds[index])" : "+Inf"
            text += "\(name)_bucket{\(labels)le=\"\(bound)\"} \(cumulative)\n"
        }
        let plain = labels.isEmpty ? "" : "{\(labels.dropLast())}"
        text += "\(name)_sum\(plain) \(Double(nanoseconds.value) / 1e9)\n\(name)_count\(plain) \(cumulative)\n"
    }
}
