/// Metrics in Prometheus' text format, version 0.0.4, family after family.
public struct MetricsText {
    /// What the numbers of a family are.
    public enum Kind: String, Sendable {
        /// They only grow.
        case counter
        /// They are as they are now.
        case gauge
        /// They are durations in buckets.
        case histogram
    }

    /// The labels of a sample. Their values come from the configuration, or are words of ours: never anything that a caller chose.
    public typealias Labels = KeyValuePairs<String, String>

    /// All that has been written.
    public private(set) var text = ""
    private var name = ""

    /// Nothing yet.
    public init() {}

    /// Begins a family; the samples that follow are of it.
    public mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// A number.
    public mutating func sample(_ value: some BinaryInteger, _ labels: Labels = [:]) { line(labels, "\(value)") }

    /// Seconds.
    public mutating func sample(_ duration: Duration, _ labels: Labels = [:]) {
        line(labels, "\(duration / .seconds(1))")
    }

    mutating func sample(_ histogram: Histogram, _ labels: Labels = [:]) {
        histogram.write(name: name, labels: labels.isEmpty ? "" : Self.list(labels) + ",", to: &text)
    }

    private mutating func line(_ labels: Labels, _ value: String) {
        text += name + (labels.isEmpty ? "" : "{\(Self.list(labels))}") + " \(value)\n"
    }

    private static func list(_ labels: Labels) -> String { labels.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",") }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
