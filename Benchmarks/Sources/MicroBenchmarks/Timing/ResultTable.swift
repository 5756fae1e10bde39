/// Markdown tables of measurements.
enum ResultTable {
    static func text(_ group: BenchmarkGroup, _ measurements: [Stopwatch.Measurement]) -> String {
        var text = "### \(group.title)\n\n| | median ns | least ns | MB/s | times the first |\n|---|---:|---:|---:|---:|\n"
        let first = measurements.first?.median ?? .nan
        for (benchmark, measurement) in zip(group.benchmarks, measurements) {
            let rate = benchmark.bytes.map { fixed(Double($0) / measurement.median * 1e3, digits: 0) } ?? ""
            let ratio = fixed(measurement.median / first, digits: 2)
            text += "| \(benchmark.name) | \(number(measurement.median)) | \(number(measurement.least)) | \(rate) | \(ratio) |\n"
        }
        return text
    }

    private static func number(_ value: Double) -> String { value < 100 ? fixed(value, digits: 1) : grouped(Int(value.rounded())) }

    private static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return "–" }
        let scale = (0..<digits).reduce(1) { product, _ in product * 10 }
        let whole = Int((value * Double(scale)).rounded())
        guard digits > 0 else { return grouped(whole) }
        let fraction = String(whole % scale)
        return "\(grouped(whole / scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }

    private static func grouped(_ value: Int) -> String {
        var digits = String(value)
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
            place -= 3
        }
        return digits
    }
}
