import HubCore
import NIOCore

/// Writes requests in the dialect of a provider.
protocol RequestWriter {
    /// Which one it is.
    static var dialect: Dialect { get }
    /// Which names of tools it takes.
    static var nameRule: NameRule { get }

    /// What is written, and what becomes of it on the way.
    var conversion: RequestConversion { get set }
    /// The path below the provider's base, with its query.
    var path: String { get }

    /// A writer of one request.
    init(conversion: RequestConversion, features: ProviderFeatures)

    /// Writes the body.
    mutating func body() throws(RequestRefusal) -> ByteBuffer
}

extension RequestWriter {
    /// What is written.
    var request: ChatRequest { conversion.request }

    /// Writes a request.
    ///
    /// - Throws: what the dialect cannot carry.
    static func write(_ request: ChatRequest, features: ProviderFeatures) throws(RequestRefusal) -> ProviderRequest {
        var writer = Self(conversion: try RequestConversion(request, to: dialect, rule: nameRule), features: features)
        let body = try writer.body()
        return ProviderRequest(path: writer.path, body: body, losses: writer.conversion.losses, names: writer.conversion.names)
    }
}
