import HTTPTypes
import HubCore

extension HTTPField.Name {
    /// The version that a client speaks (1.0 §3.6.1); a parameter of the query may have the same name.
    static let a2aVersion = HTTPField.Name("a2a-version") ?? .via
    /// Extensions that a client wants and that an answer made use of, as a list of URIs.
    static let a2aExtensions = HTTPField.Name("a2a-extensions") ?? .via
    /// What 0.3 called it.
    static let olderA2AExtensions = HTTPField.Name("x-a2a-extensions") ?? .via
}

/// What the protocol says in header fields: which version, and which extensions.
enum A2AHeaders {
    /// The most extensions that are read.
    private static let maximumCount = 64

    /// Checks a request's version against the one that its method or path belongs to.
    ///
    /// 1. The method or the path says which version is spoken: none of them is in both.
    /// 2. A version that is named must be that one.
    /// 3. None named is right for either: it would mean 0.3, but the name has said it already.
    ///
    /// - Throws: `A2AFailure` with `versionNotSupported`.
    static func check(_ fields: HTTPFields, query: Substring?, against spoken: A2AVersion) throws(A2AFailure) {
        let named = fields.value(.a2aVersion) ?? CallQuery.object(of: query)?.root["A2A-Version"]?.string ?? ""
        guard !named.isEmpty, A2AVersion(named: named) != spoken else { return }
        let known = A2AVersion.allCases.map(\.rawValue).joined(separator: ", ")
        let message = "This version of the protocol is not spoken here, or has another name for what is asked"
        throw A2AFailure(.versionNotSupported, message, metadata: ["supported": known])
    }

    /// The extensions that a request wants, each once, in order.
    static func requestedExtensions(_ fields: HTTPFields) -> [String] {
        let text = [.a2aExtensions, .olderA2AExtensions].compactMap { fields.value($0) }.joined(separator: ",")
        var requested: [String] = []
        for part in text.split(separator: ",").prefix(maximumCount) {
            let uri = String(part.trimmingSpaces)
            if !uri.isEmpty, !requested.contains(uri) { requested.append(uri) }
        }
        return requested
    }
}
