import HubCore

/// Makes tools and requests whose words are as unevenly frequent as those of people: few in every text, most in very few.
struct MadeCatalogue {
    private var state: UInt64 = 42
    private static let verbs = [
        "get", "list", "create", "update", "delete", "search", "send", "convert", "export", "calculate", "check", "run", "upload", "merge",
    ]
    private static let fillers = ["the", "a", "of", "for", "with", "and", "to", "in", "by", "please", "I", "need", "can", "you"]
    private static let words: [String] = {
        let (starts, ends) = (
            "b br c ch d dr f g gr h k l m n p pl r s st t tr v w".split(separator: " "), "n r l x sk nd rt m".split(separator: " ")
        )
        return (0..<30_000).map { number in
            var (rest, text) = (number, "")
            for _ in 0..<3 {
                text += starts[rest % starts.count] + ["a", "e", "i", "o", "u"][rest / starts.count % 5]
                rest /= starts.count * 5
                if rest == 0 { break }
            }
            return text + ends[number % ends.count]
        }
    }()

    private mutating func next(_ count: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % count
    }

    /// A word: the n-th is chosen about 1/n as often as the first.
    private mutating func word() -> String {
        var most = 1
        for _ in 0..<next(16) { most *= 2 }
        return Self.words[min(most - 1 + next(most), Self.words.count - 1)]
    }

    private mutating func text(_ count: Int) -> String {
        (0..<count).map { _ in next(3) == 0 ? Self.fillers[next(Self.fillers.count)] : word() }.joined(separator: " ")
    }

    /// A tool of the usual size: four arguments, each with a description.
    mutating func tool(_ number: Int) -> RoutableTool {
        let name = Self.verbs[next(Self.verbs.count)] + "_" + word() + "_" + word()
        let arguments = (0..<4).map { _ in RoutableTool.Argument(name: word() + "_id", description: text(7)) }
        return RoutableTool(
            name: name, description: text(18), arguments: arguments, server: "server\(number / 40)",
            serverDescription: "All about \(Self.words[number / 40 % 500])")
    }

    /// A request for one of the tools, in words of its texts, and its place. Every third is for something else as well.
    mutating func request(about tools: [RoutableTool]) -> (text: String, tool: Int) {
        let number = next(tools.count / 3) * 3
        let tool = tools[number]
        let name = tool.name.split(separator: "_").joined(separator: " ")
        let about = tool.description.split(separator: " ").prefix(6).joined(separator: " ")
        return ("Can you \(name) \(about)" + (next(3) == 0 ? ". Also \(Self.verbs[next(Self.verbs.count)]) \(text(8))" : ""), number)
    }
}
