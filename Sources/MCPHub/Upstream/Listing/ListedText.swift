import HubCore

extension JSONValue {
    /// A name or an address that can be shown, compared and sent: neither empty nor longer than `limit` bytes, without control characters.
    func listedText(upTo limit: Int) -> String? {
        guard let text = string, !text.isEmpty, text.utf8.count <= limit else { return nil }
        return text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) } ? nil : text
    }
}

/// How long what a server calls its things may be.
enum ListedLength {
    /// A name of a tool, a prompt, a resource.
    static let name = 512
    /// An address or a template of addresses.
    static let uri = 8 << 10
    /// What a model is told of a server.
    static let instructions = 64 << 10
}
