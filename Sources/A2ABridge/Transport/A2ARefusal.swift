public import HTTPTypes
public import HubCore
import NIOCore

/// Refuses a request before an agent sees it, in the words of the binding and the version that it was sent in.
public enum A2ARefusal {
    /// Refuses a request.
    ///
    /// - Parameters:
    ///   - status: of HTTP, which JSON-RPC shares: whoever is not let in is told so where every client looks.
    ///   - message: for the caller.
    ///   - request: what is refused; nil: nothing of it may be looked at.
    ///   - subpath: what follows the agent's address.
    ///   - fields: headers that the answer has beside its own, such as `www-authenticate`.
    ///   - writer: takes the answer.
    public static func refuse(
        _ status: HTTPResponse.Status, _ message: String, to request: InboundRequest?, subpath: Substring, fields: HTTPFields = [:],
        writer: any ResponseWriter
    ) async throws {
        let failure = A2AFailure(code(status), message)
        let isJSONRPC = subpath.isEmpty || subpath == "/"
        let named = request?.head.headerFields.value(.a2aVersion).flatMap { A2AVersion(named: $0) }
        let version = isJSONRPC ? named : A2ARoute.routes(of: subpath).first?.route.version
        let profile = version == .v0_3 ? A2AErrorProfile.v0_3 : .v1_0_1
        let id = isJSONRPC ? request.flatMap { try? JSONDocument(parsing: $0.body, limits: .message).root["id"] } : nil
        let isID = id?.kind == .string || id?.int != nil  // any other is as good as none
        let body = isJSONRPC ? failure.jsonRPC(id: isID ? id : nil, profile).body : failure.http(profile).body
        try await writer.answer(status.code, json: body, fields: fields)
    }

    private static func code(_ status: HTTPResponse.Status) -> A2AFailure.Code {
        switch status.code {
        case 401: .unauthenticated
        case 403: .forbidden
        case 404: .methodNotFound
        case 429: .rateLimited
        case 503: .overloaded
        default: .invalidRequest
        }
    }
}
