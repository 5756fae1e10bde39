import HubCore

/// Where the description of an API is: a file or a URL.
enum DescriptionLocation: Sendable, Hashable {
    /// A path as the process can open it.
    case file(String)
    /// An absolute `http` or `https` URL, possibly with a query.
    case url(String)

    /// Whether `text` is meant as a URL.
    static func isURL(_ text: String) -> Bool { text.contains("://") }

    /// Whether a URL is one the hub would fetch: no user name, no fragment.
    static func isWellFormedURL(_ text: String) -> Bool {
        let base = text.prefix { $0 != "?" }
        return HTTPAddress(String(base)) != nil && !text.contains("#") && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
