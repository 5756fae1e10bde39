import Synchronization

/// Names one request in answers and logs: unique, not secret.
enum RequestID {
    private static let process = UInt64.random(in: .min ... .max)
    private static let count = Atomic<UInt64>(0)

    /// 64 random bits of the process and a count, as 32 hexadecimal digits.
    static func make() -> String {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        let digits: StaticString = "0123456789abcdef"
        return unsafe String(unsafeUninitializedCapacity: 32) { buffer in
            var bits = process
            for index in 0..<32 {
                if index == 16 { bits = number.byteSwapped }
                unsafe buffer[index] = digits.utf8Start[Int(bits & 15)]  // both within their bounds by construction
                bits >>= 4
            }
            return 32
        }
    }
}
