import HTTPTypes
import HubCore

/// Credentials that are the same in every request, as they stand in one. Where two want the same place, the later one has it.
struct ShownCredentials: Sendable {
    private var fields: [HTTPField] = []
    private var parameters: [(name: String, value: String)] = []
    private var cookies: [(name: String, value: String)] = []

    init(_ credentials: [UpstreamCredential]) {
        for credential in credentials {
            switch credential {
            case .header(let name, let value):
                // The name was checked when the configuration or the description was read.
                if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value.revealed)) }
            case .query(let name, let value): parameters.append((name, value.revealed))
            case .cookie(let name, let value): cookies.append((name, value.revealed))
            case .basic(let username, let password):
                let text = Base64.encode(Array("\(username):\(password.revealed)".utf8))
                fields.append(HTTPField(name: .authorization, value: "Basic " + text))
            case .bearer(let token): fields.append(HTTPField(name: .authorization, value: "Bearer " + token.revealed))
            case .oauthClient, .tokenExchange, .signIn, .sigv4, .alibaba: break  // made for each request: `DynamicCredential`
            }
        }
    }

    /// Puts what stands in header fields there, in place of any of that name: no argument may say it otherwise.
    func add(to fields: inout HTTPFields) {
        for field in self.fields {
            fields[field.name] = nil
            fields.append(field)
        }
        guard !cookies.isEmpty else { return }
        let others = (fields[.cookie] ?? "").split(separator: ";").map { $0.drop { $0 == " " } }.filter { crumb in
            !crumb.isEmpty && !cookies.contains { $0.name == crumb.prefix { $0 != "=" } }
        }
        fields[.cookie] = nil
        // The subscript would make a field of each crumb, and HTTP/1 takes one `Cookie` (RFC 6265 §5.4).
        let crumbs = others.map { String($0) } + cookies.map { $0.name + "=" + $0.value }
        fields.append(HTTPField(name: .cookie, value: crumbs.joined(separator: "; ")))
    }

    /// The path with what stands in the query, in place of any of that name.
    func added(toPath path: String) -> String {
        guard !parameters.isEmpty else { return path }
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let others = (parts.count > 1 ? parts[1].split(separator: "&") : []).filter { pair in
            let other = String(pair.prefix { $0 != "=" }).replacing("+", with: " ")
            let name = PercentEncoding.decode(other) ?? other
            return !parameters.contains { $0.name == name }
        }
        let own = parameters.map { PercentEncoding.encode($0.name) + "=" + PercentEncoding.encode($0.value) }
        return parts[0] + "?" + (others.map { String($0) } + own).joined(separator: "&")
    }
}
