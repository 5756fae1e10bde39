import HubCore

/// Times the search for tools in made-up catalogues, the same in each run, and prints a JSON line for each. `Benchmarks/routing` runs it.
///
///     swift run -c release --package-path Benchmarks RoutingBenchmark SIZE…
@main
enum Main {
    private static let queries = 2000

    static func main() {
        let sizes = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        for size in sizes.isEmpty ? [1000, 10_000, 100_000] : sizes {
            var catalogue = MadeCatalogue()
            let tools = (0..<size).map { catalogue.tool($0) }
            let requests = (0..<queries).map { _ in catalogue.request(about: tools) }
            let clock = ContinuousClock()
            var index = ToolIndex([])
            let build = least { clock.measure { index = ToolIndex(tools) } }
            let everything = index.everything
            let third = index.visible { $0 % 3 == 0 }
            var line = "{\"tools\":\(size),\"buildSeconds\":\(seconds(build)),\"bytesPerTool\":\(index.byteCount / size)"
            for (name, visible) in [("all", everything), ("third", third)] {
                var times: [Double] = []
                var found = 0
                for request in requests {
                    var matches = index.search(request.text, limit: 10, among: visible)
                    let time = least { clock.measure { matches = index.search(request.text, limit: 10, among: visible) } }
                    times.append(seconds(time) * 1e6)
                    if matches.hits.contains(where: { $0.tool == request.tool }) { found += 1 }
                }
                times.sort()
                let (median, p99) = (times[queries / 2], times[queries * 99 / 100])
                line += ",\"\(name)\":{\"median\":\(median),\"p99\":\(p99),\"found\":\(Double(found) / Double(queries))}"
            }
            print(line + "}")
        }
    }

    /// The least of three: what it takes, and not what others on the machine take meanwhile.
    private static func least(_ measure: () -> Duration) -> Duration { min(measure(), measure(), measure()) }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}
