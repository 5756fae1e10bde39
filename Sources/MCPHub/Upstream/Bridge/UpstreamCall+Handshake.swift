import HubCore
import NIOCore

/// Calls of servers of the handshake eras, which ask by requests of their own.
extension UpstreamCall {
    /// Performs the request. What a client brings along from an earlier answer means nothing to these servers.
    func byRequest(_ session: any UpstreamSession, _ parameters: OriginParameters) async throws -> JSONDocument {
        let params = parameters.bytes(inputResponses: nil, requestState: nil)
        do {
            return try plain(try await send(params, parameters, in: session))
        } catch let error as JSONRPCError where error.code == .pageRequired {
            if let document = try await pages(PageRequests(error)) { return document }
        }
        do {
            return try plain(try await send(params, parameters, in: session))
        } catch let error as JSONRPCError where error.code == .pageRequired {
            // The user has agreed to open the pages, and has not finished there.
            return try failure(PageRequests(error).text)
        }
    }

    /// What the client is told about pages that its user has to open; nil: the user opens them, and the request is sent again.
    private func pages(_ pages: PageRequests) async throws -> JSONDocument? {
        guard let client = context.client, client.capabilities.contains(.elicitationURL), !pages.isEmpty else {
            return try failure(pages.text)
        }
        if client.takesInputRequests, request.method != .complete { return try document(pages.result) }
        do {
            return try await pages.areAccepted(by: client) ? nil : failure("The user did not agree to open the page")
        } catch let error as JSONRPCError {
            return try failure("The client did not open the page: \(error.message.prefix(512))")
        }
    }

    /// A failure that the model reads where a tool was called.
    private func failure(_ text: String) throws -> JSONDocument {
        guard request.method == .callTool else { throw HubError(.upstreamFailed, text) }
        var json = JSONWriter()
        json.beginObject()
        json.key("content")
        json.beginArray()
        json.beginObject()
        json.member("type", "text")
        json.member("text", text)
        json.endObject()
        json.endArray()
        json.member("isError", true)
        json.endObject()
        return try document(json.buffer)
    }

    /// The result without words of the modern era, which such a server does not mean.
    private func plain(_ result: JSONDocument) throws -> JSONDocument {
        let result = try passedOn(result)
        guard result.root["resultType"] != nil else { return result }
        return try document(result.root.replacingMember("resultType", with: nil))
    }

    private func document(_ bytes: ByteBuffer) throws -> JSONDocument {
        do throws(JSONParseError) {
            return try JSONDocument(parsing: bytes, limits: .payload)
        } catch {
            throw senseless
        }
    }
}
