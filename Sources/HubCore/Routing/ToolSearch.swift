/// One search in a `ToolIndex`: from the words of a request to the best tools.
///
/// 1. Each word that is looked for adds BM25F to the tools it is in; parts of a request have sums of their own.
/// 2. Sums are divided by the best of their kind. Where a request has parts, 0.7 of the score is that of the whole and the rest that of the part
///    that suits best, so that each part's tool finds its way to the top.
/// 3. Added are the share of the tool's name that the request has, and how well its server suits.
/// 4. Tools that the request names come first. Equal ones stay in the order of the catalogue.
///
/// The columns are walked in blocks of tools, so that what a search holds does not grow with the index.
struct ToolSearch {
    private let index: ToolIndex
    private let visible: VisibleTools
    private let query: RoutingQuery
    private let terms: [QueryTerms.Term]
    /// The parts of the request that are scored by themselves.
    private let clauses: [Int]
    private let exact: Set<Int>

    /// How many tools are scored at a time: their sums stay in the processor's first cache.
    private static let blockSize = 2048
    /// How many hits there are at most.
    static let mostHits = 1000
    /// How many known words a part of a request needs to be one.
    private static let leastWordsOfClause = 2

    init(_ text: String, in index: ToolIndex, among visible: VisibleTools) {
        self.index = index
        self.visible = visible
        query = RoutingQuery(text, ranking: index.ranking)
        terms = visible.count == 0 ? [] : QueryTerms(query, in: index, among: visible).terms
        var known = [Int](repeating: 0, count: RoutingQuery.mostClauses)
        for term in terms where term.origin == .written && query.words[term.word].kind.isWhole {
            for clause in known.indices where term.isIn(clause) { known[clause] += 1 }
        }
        let parts = known.indices.filter { known[$0] >= Self.leastWordsOfClause }
        clauses = parts.count > 1 ? parts : []
        exact = Set(NamedTools.find(in: text, of: index, limit: Self.mostHits).filter { visible.contains($0) })
    }

    /// The best tools.
    func run(limit: Int) -> ToolMatches {
        let limit = max(0, min(limit, Self.mostHits))
        var candidates = CandidateList(most: max(256, 2 * limit), clauses: clauses)
        score(into: &candidates)
        var scored = combine(candidates.candidates)
        let found = Set(scored.map(\.tool))
        scored += exact.filter { !found.contains($0) }.map { (NamedTools.lead, $0) }
        scored.sort { ($1.score, $0.tool) < ($0.score, $1.tool) }
        let hits = scored.prefix(limit).map { ToolHit(tool: $0.tool, score: $0.score, matched: matched(by: $0.tool)) }
        return ToolMatches(hits: hits, unknown: unknown())
    }

    // MARK: Sums

    private func score(into candidates: inout CandidateList) {
        var next = terms.map { index.column(of: $0.number).lowerBound }
        let ends = terms.map { index.column(of: $0.number).upperBound }
        let lanes = terms.map { term in
            clauses.reduce(into: SIMD8<Float>.zero) { lanes, clause in if term.isIn(clause) { lanes[clause] = 1 } }
        }
        let (postings, weights) = (index.postings.span, index.weights.span)
        var whole = [Float](repeating: 0, count: Self.blockSize)
        var parts = [SIMD8<Float>](repeating: .zero, count: clauses.isEmpty ? 0 : Self.blockSize)
        for start in stride(from: 0, to: index.count, by: Self.blockSize) {
            let end = UInt32(min(start + Self.blockSize, index.count))
            var isEmpty = true
            for place in terms.indices {
                let weight = terms[place].weight / ToolIndex.steps
                let (lane, last) = (lanes[place], ends[place])
                let isInClause = lane != .zero
                var at = next[place]
                while at < last, postings[at] < end {
                    let tool = Int(postings[at]) - start
                    let value = weight * Float(weights[at])
                    whole[tool] += value
                    if isInClause { parts[tool] += lane * value }
                    at += 1
                }
                isEmpty = isEmpty && at == next[place]
                next[place] = at
            }
            if isEmpty { continue }
            for tool in 0..<Int(end) - start where whole[tool] > 0 {
                let part = clauses.isEmpty ? .zero : parts[tool]
                if visible.isEverything || visible.contains(start + tool) {
                    candidates.offer(start + tool, whole: whole[tool], clauses: part)
                }
                whole[tool] = 0
                if !clauses.isEmpty { parts[tool] = .zero }
            }
        }
    }

    /// How well each server suits: BM25 of all that its visible tools say, as if it were one text.
    private func serverScores() -> [Float] {
        guard visible.serverCount > 1 else { return [] }
        let (postings, weights, servers) = (index.postings.span, index.weights.span, index.serverOfTool.span)
        var scores = [Float](repeating: 0, count: index.serverCount + 1)
        var sums = scores
        var touched: [Int] = []
        for term in terms {
            for place in index.column(of: term.number) {
                let tool = Int(postings[place])
                let server = Int(servers[tool])
                guard server > 0, visible.isEverything || visible.contains(tool) else { continue }
                if sums[server] == 0 { touched.append(server) }
                sums[server] += Float(weights[place])
            }
            let frequency = Float(touched.count)
            let idf = (1 + (Float(visible.serverCount) - frequency + 0.5) / (frequency + 0.5)).naturalLogarithm
            for server in touched {
                let count = sums[server] / ToolIndex.steps / Float(visible.countOfServer[server]).squareRoot()
                scores[server] += term.share * idf * count / (1 + count)
                sums[server] = 0
            }
            touched.removeAll(keepingCapacity: true)
        }
        return scores
    }

    // MARK: Scores

    private func combine(_ candidates: [CandidateList.Candidate]) -> [(score: Float, tool: Int)] {
        let ranking = index.ranking
        var best: Float = 0
        var bestOfClause = SIMD8<Float>.zero
        for candidate in candidates {
            best = max(best, candidate.whole)
            bestOfClause = pointwiseMax(bestOfClause, candidate.clauses)
        }
        let servers = serverScores()
        let bestServer = servers.max() ?? 0
        let shares = terms.map { (term: UInt32($0.number), share: $0.origin == .written ? 1 : ranking.nameSynonym) }.sorted {
            $0.term < $1.term
        }
        return candidates.map { candidate in
            var score = candidate.whole / best
            if !clauses.isEmpty {
                let part = clauses.reduce(into: Float(0)) { part, clause in
                    if bestOfClause[clause] > 0 { part = max(part, candidate.clauses[clause] / bestOfClause[clause]) }
                }
                score = ranking.whole * score + (1 - ranking.whole) * part
            }
            score += ranking.nameCoverage * coverage(ofName: candidate.tool, shares)
            if bestServer > 0 { score += ranking.serverPrior * servers[Int(index.serverOfTool[candidate.tool])] / bestServer }
            if exact.contains(candidate.tool) { score += NamedTools.lead }
            return (score, candidate.tool)
        }
    }

    /// How much of the tool's name the request has.
    private func coverage(ofName tool: Int, _ shares: [(term: UInt32, share: Float)]) -> Float {
        let name = index.nameTerms[Int(index.nameStarts[tool])..<Int(index.nameStarts[tool + 1])]
        guard !name.isEmpty else { return 0 }
        var sum: Float = 0
        for term in name {
            var (low, high) = (0, shares.count)
            while low < high {
                let middle = (low + high) / 2
                if shares[middle].term < term { low = middle + 1 } else { high = middle }
            }
            if low < shares.count, shares[low].term == term { sum += shares[low].share }
        }
        return sum / Float(name.count)
    }

    // MARK: Words

    private func matched(by tool: Int) -> [String] {
        texts(of: terms.filter { holds($0.number, tool) }.map { query.words[$0.word].source })
    }

    private func holds(_ term: Int, _ tool: Int) -> Bool {
        let column = index.column(of: term)
        var (low, high) = (column.lowerBound, column.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if index.postings[middle] < UInt32(tool) { low = middle + 1 } else { high = middle }
        }
        return low < column.upperBound && index.postings[low] == UInt32(tool)
    }

    private func unknown() -> [String] {
        let known = Set(terms.map(\.word))
        let covered = known.map { query.words[$0].source }
        let sources = query.words.indices.filter { !known.contains($0) }.map { query.words[$0].source }
        return texts(of: sources.filter { source in !covered.contains { $0.overlaps(source) } })
    }

    /// What the request says at some places; those that overlap are one.
    private func texts(of sources: [Range<Int>]) -> [String] {
        var merged: [Range<Int>] = []
        for source in sources.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
            if let last = merged.last, source.lowerBound < last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, source.upperBound)
            } else {
                merged.append(source)
            }
        }
        return merged.map { String(decoding: query.text[$0], as: UTF8.self) }
    }
}

extension QueryTerms.Term {
    /// Whether it is in a part of the request.
    fileprivate func isIn(_ clause: Int) -> Bool { clauses >> UInt8(clause) & 1 != 0 }
}

extension ToolIndex {
    /// The tools that a request in words is most likely about, the best first. It always has an answer where a word matches: a score does not tell
    /// that no tool suits, the matched words may.
    ///
    /// - Parameters:
    ///   - text: what the tool should do; the first 4 KiB are read.
    ///   - limit: how many hits there may be, 1,000 at most.
    ///   - visible: the tools that whoever asks may see. No other has any influence on the answer.
    public func search(_ text: String, limit: Int, among visible: VisibleTools) -> ToolMatches {
        // Permissions of another index say nothing about these tools.
        guard visible.indexCount == count else { return .none }
        return ToolSearch(text, in: self, among: visible).run(limit: limit)
    }
}
