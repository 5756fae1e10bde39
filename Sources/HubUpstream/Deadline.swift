/// The time for something ran out.
struct DeadlineExceeded: Error {}

/// Runs `body` and cancels it when it takes longer than `limit`.
///
/// - Throws: `DeadlineExceeded`, or what `body` throws.
func withDeadline<Value: Sendable>(_ limit: Duration, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit, tolerance: .milliseconds(10))
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else { throw DeadlineExceeded() }
        return value
    }
}
