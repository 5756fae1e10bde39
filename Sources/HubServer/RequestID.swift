/// Names one request in answers and logs.
enum RequestID {
    /// 128 random bits as 32 hexadecimal digits.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits: StaticString = "0123456789abcdef"
        return unsafe String(unsafeUninitializedCapacity: 32) { buffer in
            var bits: UInt64 = 0
            for index in 0..<32 {
                if index % 16 == 0 { bits = generator.next() }
                unsafe buffer[index] = digits.utf8Start[Int(bits & 15)]  // both within their bounds by construction
                bits >>= 4
            }
            return 32
        }
    }
}
