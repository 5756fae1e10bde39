import HubCore

/// The kinds of text that stand in `hub.yaml`, each with its check, its name for messages, and its pattern for editors.
enum TextKind: String, Sendable, Hashable, CaseIterable {
    case plain
    case duration
    case byteSize
    case percent
    case rate
    case hostPort
    case host
    case serverName
    case url
    case urlWithQuery
    case urlOrPath
    case path
    case addressRange
    case originOrRange
    case toolName
    case pattern
    case policyTarget
    case sha256
    case jsonPointer
    case request
    case headerName
    case callerName
    case plainOrReference

    /// Whether `text` is of this kind.
    func accepts(_ text: String) -> Bool {
        switch self {
        case .plain: true
        case .duration: Duration(setting: text) != nil
        case .byteSize: ByteSize.parse(text) != nil
        case .percent: text.hasSuffix("%") && Self.isNumber(text.dropLast(), in: 0...100)
        case .rate: Self.isRate(text)
        case .hostPort: ListenAddress(text) != nil
        case .host: HTTPAddress.splitAuthority(text) != nil
        case .serverName:
            HTTPAddress.splitAuthority(text.hasPrefix("*.") ? String(text.dropFirst(2)) : text).map { $0.port == nil } ?? false
        case .url: HTTPAddress(text) != nil
        case .urlWithQuery: DescriptionLocation.isWellFormedURL(text)
        case .urlOrPath: DescriptionLocation.isURL(text) ? DescriptionLocation.isWellFormedURL(text) : Self.isPath(text)
        case .path: Self.isPath(text) && !DescriptionLocation.isURL(text)
        case .addressRange: AddressRange(text) != nil
        case .originOrRange: HTTPAddress(text)?.path.isEmpty ?? (AddressRange(text) != nil)
        case .toolName: text.utf8.count <= 64 && ASCIISet.word.covers(text)
        case .pattern: (1...256).contains(text.utf8.count)
        case .policyTarget: Self.target(text) != nil || text == "all"
        case .sha256: text.utf8.count == 64 && text.utf8.allSatisfy { Self.isLowerHex($0) }
        case .jsonPointer: text.isEmpty || text.hasPrefix("/")
        case .request: Self.isRequest(text)
        case .headerName: Self.isToken(text)
        case .callerName: EntryName.isValid(text) || Self.isClient(text)
        case .plainOrReference: SecretReference.scheme(of: text).map { SecretReference.parts(of: text, scheme: $0) != nil } ?? true
        }
    }

    /// What the text must be, as part of a message.
    var noun: String {
        switch self {
        case .plain: "text"
        case .duration: "a duration such as 500ms, 5s, 10m or 1h"
        case .byteSize: "a size such as 64KiB or 4MiB"
        case .percent: "a percentage such as 20%"
        case .rate: "a rate such as 10/1s or 60/1m"
        case .hostPort: "HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080"
        case .host: "a host name or address, with a port or without one"
        case .serverName: "a host name such as hub.example.com or *.example.com, without a port"
        case .url: "an http or https URL without user name, query and fragment"
        case .urlWithQuery: "an http or https URL without user name and fragment"
        case .urlOrPath: "a file or an http or https URL"
        case .path: "a path"
        case .addressRange: "an address range such as 10.0.0.0/8"
        case .originOrRange: "scheme, host and port, such as http://10.0.0.9:9000, or an address range such as 10.0.0.0/8"
        case .toolName: "a tool name: letters, digits, _ and -, at most 64"
        case .pattern: "a name or a pattern with *"
        case .policyTarget: "server:NAME, agent:NAME, model:NAME or all"
        case .sha256: "a SHA-256 in 64 lower-case hexadecimal digits"
        case .jsonPointer: "a JSON pointer such as /data/*/id"
        case .request: "a method and a path, such as \"GET /tickets/{id}\""
        case .headerName: "the name of a header"
        case .callerName: "the name of a consumer, anonymous, or oauth: and a client of an authorization server"
        case .plainOrReference: "text, or a reference such as env:NAME"
        }
    }

    /// A pattern for editors; nil where none says it well.
    var pattern: String? {
        switch self {
        case .duration: #"^[0-9]{1,9}(ms|s|m|h)$"#
        case .byteSize: #"^[0-9]{1,9}(KiB|MiB|GiB)$"#
        case .percent: #"^(100|[0-9]{1,2})%$"#
        case .rate: #"^[0-9]{1,9}/[0-9]{1,9}(ms|s|m|h)$"#
        case .hostPort: #"^(\[[0-9A-Fa-f:.]+\]|[^:\s/]+):[0-9]{1,5}$"#
        case .url: #"^https?://[^\s?#]+$"#
        case .urlWithQuery: #"^https?://[^\s#]+$"#
        case .addressRange: #"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"#
        case .toolName: #"^[A-Za-z0-9_-]{1,64}$"#
        case .policyTarget: #"^(all|(server|agent|model):[a-z0-9][a-z0-9-]{0,62})$"#
        case .sha256: #"^[0-9a-f]{64}$"#
        case .jsonPointer: #"^(/.*)?$"#
        case .request: #"^[A-Z]+ /"#
        case .headerName: #"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"#
        case .callerName: #"^([a-z0-9][a-z0-9-]{0,62}|oauth:[!-~]{1,256})$"#
        case .plain, .host, .serverName, .originOrRange, .urlOrPath, .path, .pattern, .plainOrReference: nil
        }
    }

    /// The entry that a policy's `on` names.
    static func target(_ text: String) -> (kind: EntryKind, name: String)? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = String(text[text.index(after: colon)...])
        guard EntryName.isValid(name) else { return nil }
        switch text[..<colon] {
        case "server": return (.server, name)
        case "agent": return (.agent, name)
        case "model": return (.model, name)
        default: return nil
        }
    }

    /// Whether a caller of this name must be one of `consumers`: neither nobody in particular nor a client of an authorization server is.
    static func isConfigured(caller: String) -> Bool { !isClient(caller) && caller != Principal.anonymous.consumer }

    private static func isClient(_ text: String) -> Bool {
        let prefix = "oauth:"
        return text.hasPrefix(prefix) && (1...256).contains(text.utf8.count - prefix.utf8.count)
            && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }

    private static func isNumber(_ text: some StringProtocol, in range: ClosedRange<Int>) -> Bool {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let value = Int(text) else { return false }
        return range.contains(value)
    }

    private static func isRate(_ text: String) -> Bool {
        guard let slash = text.firstIndex(of: "/") else { return false }
        return isNumber(text[..<slash], in: 1...999_999_999) && Duration(setting: String(text[text.index(after: slash)...])) != nil
    }

    private static func isPath(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 4096 && !text.utf8.contains(0) && SecretReference.scheme(of: text) == nil
    }

    private static func isLowerHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isToken(_ text: String) -> Bool {
        text.utf8.count <= 128 && ASCIISet.token.covers(text)
    }

    private static func isRequest(_ text: String) -> Bool {
        guard let space = text.firstIndex(of: " ") else { return false }
        return isToken(String(text[..<space])) && text[text.index(after: space)...].hasPrefix("/")
    }
}
