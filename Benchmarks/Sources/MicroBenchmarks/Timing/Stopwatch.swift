/// Times the benchmarks of a group in turn, round by round, so that what slows the machine down hits all of them.
struct Stopwatch {
    let rounds: Int
    let roundTime: Duration

    /// Nanoseconds an operation, by round.
    struct Measurement {
        var nanoseconds: [Double] = []

        var median: Double {
            let sorted = nanoseconds.sorted()
            let middle = sorted.count / 2
            return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        }

        var least: Double { nanoseconds.min() ?? .nan }
    }

    /// One measurement for each benchmark of the group, in its order.
    func measure(_ group: BenchmarkGroup) throws -> [Measurement] {
        let counts = try group.benchmarks.map(repetitions)
        var measurements = group.benchmarks.map { _ in Measurement() }
        for _ in 0..<rounds {
            for (index, benchmark) in group.benchmarks.enumerated() {
                let time = try time(benchmark, repetitions: counts[index])
                measurements[index].nanoseconds.append(time / Double(counts[index] * benchmark.operations))
            }
        }
        return measurements
    }

    /// How often the work fits into one round. Warms up on the way.
    private func repetitions(_ benchmark: Benchmark) throws -> Int {
        let wanted = nanoseconds(roundTime)
        var count = 1
        while true {
            let taken = try time(benchmark, repetitions: count)
            if taken > wanted / 4 { return max(1, Int(Double(count) * wanted / taken)) }
            count *= 2
        }
    }

    private func time(_ benchmark: Benchmark, repetitions: Int) throws -> Double {
        var sum = 0
        let start = ContinuousClock.now
        for _ in 0..<repetitions { sum &+= try benchmark.body() }
        let taken = ContinuousClock.now - start
        guard sum != 0 else { throw NothingDone(name: benchmark.name) }
        return nanoseconds(taken)
    }

    private func nanoseconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) * 1e9 + Double(attoseconds) / 1e9
    }
}

/// A benchmark's work came to nothing, so that its time means nothing.
struct NothingDone: Error, CustomStringConvertible {
    var name: String

    var description: String { "\(name): nothing was done" }
}
