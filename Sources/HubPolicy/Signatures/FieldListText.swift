import HTTPTypes

/// The texts that the schemes `Signature` and `hmac` sign: lines for the listed fields, in the order of the list, by the names as they are
/// written in it. Sources: `apisix/plugins/hmac-auth.lua` of APISIX 3.x, `kong/plugins/hmac-auth/access.lua` of Kong 3.x.
enum FieldListText {
    /// What Kong's `request-line` may end with: the version is no part of what reaches the hub, and it says nothing about the request.
    private static let versions = ["1.1", "2.0", "1.0"]

    /// Every text that the signature may be of.
    static func candidates(_ signed: SignedRequest, _ head: HTTPRequest) throws(SignatureProblem) -> [[UInt8]] {
        var lines: [String] = []
        let isKong = signed.form == .hmacScheme
        var hasRequestLine = false
        for name in signed.names {
            if let value = try head.signedValue(named: name) {
                // The real line would stay unsigned.
                guard name != "request-line" else { throw SignatureProblem(.malformed, "a field of the name request-line") }
                lines.append("\(name): \(value)")
            } else if name == "@request-target" {
                let method = head.method.rawValue
                lines.append(isKong ? "\(name): \(method.lowercased()) \(head.target)" : "\(method) \(head.target)")
            } else if isKong, name == "request-line" {
                hasRequestLine = true
                lines.append(requestLine)
            } else if isKong {
                lines.append("\(name):")
            }
        }
        guard isKong else { return [Array(([signed.key] + lines).map { $0 + "\n" }.joined().utf8)] }
        return (hasRequestLine ? versions : [""]).map { version in
            Array(
                lines.map { $0 == requestLine ? "\(head.method.rawValue) \(head.target) HTTP/\(version)" : $0 }.joined(separator: "\n").utf8
            )
        }
    }

    /// Stands for the line until the version is chosen; no other line is empty.
    private static let requestLine = ""
}

extension HTTPRequest {
    /// Path and query as they came.
    var target: String { path ?? "/" }
}
