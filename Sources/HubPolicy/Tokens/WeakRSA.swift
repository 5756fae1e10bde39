/// RSA keys that are long enough and can be factored all the same.
enum WeakRSA {
    /// Each odd prime up to 167, and whether a remainder is a power of 65537 (as a bit of a list). Nemec et al., "The Return of
    /// Coppersmith's Attack" (2017), §3.3: chips that made primes as products of such powers made moduli that are such powers too.
    private static let powers: [(prime: Int, isPower: [Bool])] = stride(from: 3, through: 167, by: 2).filter { candidate in
        !stride(from: 3, to: candidate, by: 2).contains { candidate % $0 == 0 }
    }.map { prime in
        var (isPower, power) = ([Bool](repeating: false, count: prime), 1)
        repeat {
            isPower[power] = true
            power = power * 65537 % prime
        } while power != 1
        return (prime, isPower)
    }

    /// Whether a modulus, most significant byte first, is one of those chips'. One sound key in 2²⁷ looks like it by chance.
    static func isROCA(_ modulus: some Collection<UInt8>) -> Bool {
        powers.allSatisfy { prime, isPower in isPower[modulus.reduce(0) { ($0 << 8 | Int($1)) % prime }] }
    }
}
