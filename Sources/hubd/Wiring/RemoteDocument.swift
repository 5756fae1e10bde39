import HTTPTypes
import HubCore
import HubUpstream
import Logging
import NIOCore

/// Fetches what the configuration, or a document that it led to, names by URL: descriptions, key sets, metadata.
enum RemoteDocument {
    /// Nothing is at the address, says its host.
    struct Missing: Error, CustomStringConvertible {
        var url: String
        var status: Int

        var description: String { "\(url) could not be fetched: HTTP \(status)" }
    }

    /// Fetches a document.
    ///
    /// - Parameters:
    ///   - url: absolute; may have a query, which may hold a secret and stands in no error.
    ///   - limit: the most bytes it may have.
    ///   - isOperatorNamed: whether the operator wrote the address. Any other must be one of the public internet.
    /// - Throws: `Missing`; `CommandFailure` where it could not be fetched.
    static func fetch(_ url: String, limit: Int, isOperatorNamed: Bool = true, registry: UpstreamRegistry) async throws -> ByteBuffer {
        let (base, query) = split(url)
        guard let address = HTTPAddress(base), let origin = HTTPAddress(address.origin) else {
            throw CommandFailure("\(base) is not an http or https URL")
        }
        let service = registry.service(
            for: UpstreamSettings(
                name: "document", addresses: [UpstreamAddress(address: origin)],
                timeouts: UpstreamTimeouts(connect: .seconds(3), firstByte: .seconds(5), idle: .seconds(5), total: .seconds(30)),
                maximumResponseBytes: limit, isOperatorDefined: isOperatorNamed))
        let path = (address.path.isEmpty ? "/" : address.path) + query
        let response: CollectedResponse
        do {
            response = try await service.collect(
                OutboundRequest(method: .get, path: path), basePath: "", logger: Logger(label: "hubd") { _ in SwiftLogNoOpLogHandler() })
        } catch let error as HubError where error.code == .addressRefused {
            throw CommandFailure(
                "\(base) could not be fetched: a document led there, and it leads to an address that is not public; name it in hub.yaml to allow it"
            )
        } catch let error as HubError {
            throw CommandFailure("\(base) could not be fetched: \(error.message)")
        }
        guard response.status != 404, response.status != 410 else { throw Missing(url: base, status: response.status) }
        guard response.status == 200 else { throw CommandFailure("\(base) could not be fetched: HTTP \(response.status)") }
        return response.body
    }

    private static func split(_ url: String) -> (base: String, query: String) {
        let base = url.prefix { $0 != "?" }
        return (String(base), String(url[base.endIndex...]))
    }
}
