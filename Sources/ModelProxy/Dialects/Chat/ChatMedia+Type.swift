import HubCore

/// What media are, found out from what is there.
extension ChatMedia {
    /// An address as callers of OpenAI's dialect write it: `data:image/png;base64,…`, or one to fetch.
    init(address: String, detail: String? = nil) {
        if let data = Self.dataURI(address) {
            self.init(source: .base64(data.base64), type: data.type, detail: detail)
        } else {
            self.init(source: .url(address), detail: detail)
        }
    }

    /// RFC 2397, with Base64.
    static func dataURI(_ text: String) -> (type: String, base64: String)? {
        guard text.utf8.starts(with: "data:".utf8), let comma = text.utf8.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        let head = text[..<comma].dropFirst(5)
        guard head.utf8.count <= 200, head.hasSuffix(";base64") else { return nil }
        let type = head.prefix { $0 != ";" }.lowercased()
        return (type, String(text[text.index(after: comma)...]))
    }

    /// The bytes as an address of RFC 2397.
    func dataURI(_ base64: String) -> String { "data:\(type ?? "application/octet-stream");base64,\(base64)" }

    /// The type of a picture: as its first bytes say, then as it was declared, as providers look at the bytes and refuse what differs.
    var imageType: String? {
        guard case .base64(let text) = source, let start = Base64.decode(String(text.prefix(16))) else { return type }
        let known: [(prefix: [UInt8], type: String)] = [
            ([0x89, 0x50, 0x4E, 0x47], "image/png"), ([0xFF, 0xD8, 0xFF], "image/jpeg"), (Array("GIF8".utf8), "image/gif"),
        ]
        if let found = known.first(where: { start.starts(with: $0.prefix) }) { return found.type }
        if start.starts(with: "RIFF".utf8), start.dropFirst(8).starts(with: "WEBP".utf8) { return "image/webp" }
        return type
    }
}
