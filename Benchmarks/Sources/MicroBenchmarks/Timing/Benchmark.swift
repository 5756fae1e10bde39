/// One piece of work that is timed.
struct Benchmark: Sendable {
    /// What is done.
    let name: String
    /// How many bytes one operation reads, where a rate says something.
    let bytes: Int?
    /// How many operations of the table's unit one run of `body` does.
    let operations: Int
    /// Does the work and gives a number that depends on it, so that no compiler leaves it out.
    let body: @Sendable () throws -> Int

    init(_ name: String, bytes: Int? = nil, operations: Int = 1, _ body: @escaping @Sendable () throws -> Int) {
        self.name = name
        self.bytes = bytes
        self.operations = operations
        self.body = body
    }
}

/// Benchmarks that are compared: the first is ours, the others do the same in another way.
struct BenchmarkGroup: Sendable {
    let title: String
    let benchmarks: [Benchmark]

    init(_ title: String, _ benchmarks: [Benchmark]) {
        self.title = title
        self.benchmarks = benchmarks
    }
}
