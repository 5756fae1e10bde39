import HubCore

extension NearestName {
    /// The second half of a sentence about a name that there is not: the name that was probably meant, or those there are.
    static func hint(for name: String, among names: [String]) -> String {
        find(name, among: names).map { "did you mean \"\($0)\"?" } ?? "there are " + list(names)
    }

    /// Names in quotes, the first of them where there are many.
    static func list(_ names: some Collection<String>, limit: Int = 12) -> String {
        names.prefix(limit).map { "\"\($0)\"" }.joined(separator: ", ") + (names.count > limit ? " and others" : "")
    }
}
