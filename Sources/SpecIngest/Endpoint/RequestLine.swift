import HubCore

/// The request line of an endpoint written by hand: `GET /tickets/{id}?kind=open&q={text}`.
struct RequestLine {
    /// The method, in capitals.
    var method: String
    /// The path, with the pairs of the query that have no variable.
    var path: String
    /// The variables of the path, each once.
    var variables: [String]
    /// The pairs of the query whose value is a variable: the name on the wire and the variable.
    var query: [(name: String, variable: String)]

    /// Cuts a line.
    ///
    /// - Throws: `IngestError` that says what is wrong with it, without a place.
    init(_ line: String) throws(IngestError) {
        let parts = line.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[1].hasPrefix("/"), !parts[1].contains(" ") else {
            throw IngestError(.notADescription, "a request is a method and a path, such as \"GET /tickets/{id}\"")
        }
        method = parts[0].uppercased()
        let target = String(parts[1])
        guard !target.contains("#") else { throw IngestError(.notADescription, "a path has no fragment; write %23 for a #") }
        if let problem = PathTemplate.problem(with: target) { throw IngestError(.notADescription, problem) }
        let mark = target.firstIndex(of: "?")
        let plain = mark.map { String(target[..<$0]) } ?? target
        let braces = plain.filter { $0 == "{" || $0 == "}" }
        let pieces = PlaceholderText.cut(plain)
        variables = []
        for case .placeholder(let name) in pieces where !variables.contains(name) { variables.append(name) }
        guard braces.count == 2 * pieces.count(where: { if case .placeholder = $0 { true } else { false } }) else {
            throw IngestError(.notADescription, "the braces of the path do not enclose names, such as {id}")
        }
        query = []
        var fixed: [Substring] = []
        for pair in mark.map({ target[target.index(after: $0)...].split(separator: "&") }) ?? [] {
            guard pair.contains(where: { $0 == "{" || $0 == "}" }) else {
                fixed.append(pair)
                continue
            }
            let halves = pair.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, case .placeholder(let name) = PlaceholderText.cut(String(halves[1])).first,
                halves[1] == "{\(name)}", !halves[0].contains("{")
            else { throw IngestError(.notADescription, "a variable of the query is the whole value of its pair: name={variable}") }
            guard !variables.contains(name), !query.contains(where: { $0.variable == name }) else {
                throw IngestError(.notADescription, "{\(name)} stands twice in the request")
            }
            query.append((PercentEncoding.decodeWherePossible(halves[0]), name))
        }
        path = plain + (fixed.isEmpty ? "" : "?" + fixed.joined(separator: "&"))
    }
}
