/// The tools of a search that may still be among the best: those with the best scores for the request as a whole, and those with the best for
/// each of its parts. However many tools match, it holds a bounded number.
struct CandidateList {
    /// A tool and its scores.
    struct Candidate {
        var tool: Int
        var whole: Float
        var clauses: SIMD8<Float>
    }

    private(set) var candidates: [Candidate] = []
    private let most: Int
    private let mostOfClause: Int
    private let clauses: [Int]
    private let room: Int
    private var leastWhole: Float = 0
    private var leastOfClause = SIMD8<Float>(repeating: 0)

    /// - Parameters:
    ///   - most: how many are kept for the request as a whole.
    ///   - clauses: the parts of the request that have scores of their own.
    init(most: Int, clauses: [Int]) {
        self.most = most
        self.clauses = clauses
        mostOfClause = clauses.isEmpty ? 0 : max(64, most / 4)
        room = 2 * (most + mostOfClause * clauses.count)
        candidates.reserveCapacity(room)
    }

    /// Takes a tool, if it may be one of the best. Tools come in the order of the catalogue.
    mutating func offer(_ tool: Int, whole: Float, clauses parts: SIMD8<Float>) {
        // Of equal ones the first is kept, so that an equal one that comes later is none of the best.
        guard whole > leastWhole || any(parts .> leastOfClause) else { return }
        candidates.append(Candidate(tool: tool, whole: whole, clauses: parts))
        if candidates.count >= room { keepBest() }
    }

    private mutating func keepBest() {
        var isKept = [Bool](repeating: false, count: candidates.count)
        leastWhole = keep(most, &isKept) { $0.whole }
        leastOfClause = SIMD8(repeating: .infinity)
        for clause in clauses { leastOfClause[clause] = keep(mostOfClause, &isKept) { $0.clauses[clause] } }
        var place = 0
        candidates.removeAll { _ in
            defer { place += 1 }
            return !isKept[place]
        }
    }

    /// Marks those with the best scores; gives the least of them.
    private func keep(_ count: Int, _ isKept: inout [Bool], by score: (Candidate) -> Float) -> Float {
        var scores = candidates.map(score)
        let least = Self.element(atRank: count - 1, of: &scores)
        var room = count
        for place in candidates.indices where score(candidates[place]) > least {
            isKept[place] = true
            room -= 1
        }
        for place in candidates.indices where room > 0 && score(candidates[place]) == least {
            isKept[place] = true
            room -= 1
        }
        return least
    }

    /// The number that would stand at a place if they were sorted, the largest first. Reorders them.
    private static func element(atRank rank: Int, of numbers: inout [Float]) -> Float {
        var (low, high) = (0, numbers.count - 1)
        while low < high {
            let pivot = numbers[(low + high) / 2]
            var (left, right) = (low, high)
            while left <= right {
                while numbers[left] > pivot { left += 1 }
                while numbers[right] < pivot { right -= 1 }
                guard left <= right else { break }
                numbers.swapAt(left, right)
                left += 1
                right -= 1
            }
            if rank <= right { high = right } else if rank >= left { low = left } else { return pivot }
        }
        return numbers[low]
    }
}
