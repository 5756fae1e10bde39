import Crypto
import HubCore

extension DescriptionLocation {
    /// What stands for it in the store: a digest, because a URL or a command may have a secret in it.
    var fingerprint: String {
        let words: [String] =
            switch self {
            case .file(let path): ["file", path]
            case .url(let url): ["url", url]
            case .endpoints: ["endpoints"]
            case .mcp(let server): ["mcp", server.address.origin, server.path, server.query]
            case .command(let command): ["command", command.directory] + command.words
            }
        var hash = SHA256()
        for word in words {
            hash.update(data: Array("\(word.utf8.count):".utf8))
            hash.update(data: Array(word.utf8))
        }
        return hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
