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
    /// What a request of the hub's own says of itself. To 0.3 the version is not said, and extensions under both names, as its SDKs do it.
    static func request(_ version: A2AVersion, extensions: [String]) -> HTTPFields {
        var fields = activated(extensions, version)
        if version == .v1_0 { fields[.a2aVersion] = version.rawValue }
        return fields
    }

    /// The extensions that an answer made use of.
    static func activated(_ extensions: [String], _ version: A2AVersion) -> HTTPFields {
        guard !extensions.isEmpty else { return [:] }
        let list = extensions.joined(separator: ", ")
        var fields: HTTPFields = [.a2aExtensions: list]
        if version == .v0_3 { fields[.olderA2AExtensions] = list }
        return fields
    }

    /// The media type of bodies of HTTP+JSON since 1.0.1; before, it was that of JSON.
    private static let mediaType = "application/a2a+json"
    private static let json = "application/json"

    /// The media type to answer in over HTTP+JSON: that of the request's body, or the one that it accepts; any other client reads JSON.
    ///
    /// - Returns: nil where the body is of a type that is not read.
    static func answerType(_ fields: HTTPFields) -> String? {
        guard let type = fields.value(.contentType) else { return fields.value(.accept)?.contains(mediaType) == true ? mediaType : json }
        switch MediaType(type)?.essence {
        case mediaType: return mediaType
        case json: return json
        default: return nil
        }
    }
}
