import HubCore

/// Where a `$ref` leads, by its words alone: no file is looked at.
enum FileReference {
    /// What a reference names.
    enum Target: Hashable {
        /// A file below the root, the one it stands in included, and the fragment within.
        case file(String, fragment: String)
        /// Something that is never opened, and why.
        case outside(reason: String)
    }

    private static let maximumLength = 1_024

    /// Resolves a reference.
    ///
    /// - Parameters:
    ///   - reference: the text of the `$ref`.
    ///   - file: the path of the file it stands in, below the root.
    static func resolve(_ reference: String, from file: String) -> Target {
        let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let fragment = parts.count > 1 ? String(parts[1]) : ""
        guard let address = parts.first, !address.isEmpty else { return .file(file, fragment: fragment) }
        if hasScheme(address) { return .outside(reason: "is an address, which is not followed") }
        let path = PercentEncoding.decodeWherePossible(address)
        if path.hasPrefix("/") { return .outside(reason: "is an absolute path, which is not followed") }
        guard path.utf8.count <= maximumLength, !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }),
            !address.contains("?")
        else { return .outside(reason: "is no path of a file") }
        var names = file.split(separator: "/").dropLast().map { String($0) }
        for name in path.split(separator: "/") where name != "." {
            if name != ".." {
                names.append(String(name))
            } else if names.popLast() == nil {
                return .outside(reason: "leads out of the folder of the description")
            }
        }
        guard !names.isEmpty else { return .outside(reason: "is no path of a file") }
        return .file(names.joined(separator: "/"), fragment: fragment)
    }

    /// The text before the fragment.
    static func address(_ reference: String) -> Substring { reference.prefix { $0 != "#" } }

    private static func hasScheme(_ address: Substring) -> Bool {
        guard let colon = address.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        return !address.utf8[..<colon].contains(UInt8(ascii: "/"))
    }
}
