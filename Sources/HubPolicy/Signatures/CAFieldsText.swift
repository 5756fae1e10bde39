import HTTPTypes
import HubCore
import NIOCore

/// The texts that the `X-Ca-…` form signs. Source: `plugins/wasm-cpp/extensions/hmac_auth/plugin.cc` of Higress.
///
/// Method, `Accept`, `Content-MD5`, `Content-Type` and `Date`, each with a line feed; `name:value` and a line feed for each listed field in
/// the order of the names; the path; `?` and the parameters of query and form in the order of their names, if there are any. Higress takes
/// some of that in two ways, because its documentation, its clients and those of the older gateway differ:
/// 1. names in lower case without those that have lines of their own, or as they are listed;
/// 2. every parameter with a `=`, or none where its value is empty.
///
/// Not taken: a decoded path, a `+` as it is, and `X-Ca-Signed-Content-Type` in place of the real type: each would leave something unsigned.
enum CAFieldsText {
    private static let ownLines: [HTTPField.Name] = [.accept, .contentMD5, .contentType, .date]

    /// Every text that the signature may be of.
    static func candidates(_ signed: SignedRequest, _ head: HTTPRequest, _ body: ByteBuffer) throws(SignatureProblem) -> [[UInt8]] {
        var start = Array("\(head.method.rawValue)\n".utf8)
        for name in ownLines { start += Array("\(try head.signedValue(of: name) ?? "")\n".utf8) }
        var lines: [(name: String, value: String)] = []
        for name in signed.names { lines.append((name, try head.signedValue(named: name) ?? "")) }
        let parts = head.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = Array((parts.first ?? "/").utf8)
        let query = Array((parts.dropFirst().first ?? "").utf8)
        let form = isForm(head) ? Array(body.readableBytesView) : []
        let hasDigest = try head.signedValue(of: .contentMD5) != nil
        var candidates: [[UInt8]] = []
        for parameterStyle in [FormParameters.Style.all, .older] {
            let text = try FormParameters.text(query: query, form: form, style: parameterStyle, hasDigest: hasDigest)
            guard let parameters = text else { continue }
            for fields in [inLowerCase(lines), asListed(lines)] {
                let candidate = start + fields + path + parameters
                if !candidates.contains(candidate) { candidates.append(candidate) }
            }
        }
        return candidates
    }

    /// Whether the body's parameters are part of the text.
    static func isForm(_ head: HTTPRequest) -> Bool {
        head.headerFields.value(.contentType).flatMap { MediaType($0) }?.essence == "application/x-www-form-urlencoded"
    }

    private static func inLowerCase(_ lines: [(name: String, value: String)]) -> [UInt8] {
        let left: Set<HTTPField.Name> = [.caSignature, .caSignatureHeaders]
        let others = lines.filter { line in HTTPField.Name(line.name).map { !left.contains($0) && !ownLines.contains($0) } ?? true }
        return text(others.map { ($0.name.lowercased(), $0.value) })
    }

    private static func asListed(_ lines: [(name: String, value: String)]) -> [UInt8] { text(lines) }

    private static func text(_ lines: [(name: String, value: String)]) -> [UInt8] {
        let sorted = lines.map { (name: Array($0.name.utf8), value: Array($0.value.utf8)) }.sorted { a, b in
            a.name == b.name ? a.value.lexicographicallyPrecedes(b.value) : a.name.lexicographicallyPrecedes(b.name)
        }
        return sorted.flatMap { $0.name + [UInt8(ascii: ":")] + $0.value + [0x0A] }
    }
}
