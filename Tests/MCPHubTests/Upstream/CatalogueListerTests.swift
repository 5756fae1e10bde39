import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("How lists are read page by page")
struct CatalogueListerTests {
    private func list(
        _ capabilities: String = #"{"tools":{}}"#, bounds: CatalogueLister.Bounds = .init(), previous: Catalogue? = nil,
        respond: @escaping @Sendable (SessionRequest) throws -> String
    ) async throws -> (catalogue: Catalogue, session: ScriptedSession) {
        let session = ScriptedSession(.of(.v2025_11_25, capabilities)) { request, _ in try json(try respond(request)) }
        let lister = CatalogueLister(session: session, deadline: .distantFuture, previous: previous, bounds: bounds)
        return (try await lister.list(), session)
    }

    private static func tool(_ name: String) -> String { #"{"name":"\#(name)","inputSchema":{"type":"object"}}"# }

    @Test("only the lists that the server names are asked for, with all their pages")
    func pages() async throws {
        let (catalogue, session) = try await list(#"{"tools":{},"resources":{"subscribe":true},"logging":{},"completions":{}}"#) {
            request in
            switch (request.method, request.paramsText) {
            case ("tools/list", ""): #"{"tools":[\#(Self.tool("a"))],"nextCursor":"2"}"#
            case ("tools/list", #"{"cursor":"2"}"#): #"{"tools":[\#(Self.tool("b"))],"nextCursor":""}"#
            case ("resources/list", ""): #"{"resources":[{"uri":"r:1","name":"r"}],"nextCursor":null}"#
            case ("resources/templates/list", ""): #"{"resourceTemplates":[]}"#
            default: throw JSONRPCError(.invalidParams, "unexpected")
            }
        }
        #expect(session.requests.map(\.method) == ["tools/list", "tools/list", "resources/list", "resources/templates/list"])
        #expect(catalogue.tools.map(\.definition.name) == ["a", "b"])
        #expect(catalogue.resources.count == 1)
        #expect(catalogue.completes && catalogue.logs && catalogue.tellsOfUpdates)
        #expect(catalogue.problems.isEmpty)
    }

    @Test("cursors that lead in a circle end")
    func circle() async throws {
        let (catalogue, session) = try await list { request in
            #"{"tools":[],"nextCursor":"\#(request.paramsText.contains("x") ? "y" : "x")"}"#
        }
        #expect(session.requests.count == 3)
        #expect(catalogue.problems == ["tools are cut: the cursors lead in a circle or are too long"])
    }

    @Test("pages, items and bytes are bounded for all lists together")
    func bounded() async throws {
        let endless: @Sendable (SessionRequest) throws -> String = { request in
            #"{"tools":[\#(Self.tool("a\(request.paramsText.utf8.count)"))],"nextCursor":"\#(String(repeating: "x", count: request.paramsText.utf8.count))1"}"#
        }
        let pages = try await list(bounds: .init(pages: 3), respond: endless)
        #expect(pages.session.requests.count == 3 && pages.catalogue.tools.count == 3)
        #expect(pages.catalogue.problems == ["tools are cut: there are more than 3 pages"])
        let items = try await list(bounds: .init(items: 2)) { _ in "{\"tools\":[\(["a", "b", "c"].map(Self.tool).joined(separator: ","))]}"
        }
        #expect(items.catalogue.tools.map(\.definition.name) == ["a", "b"])
        let bytes = try await list(bounds: .init(bytes: 10)) { _ in #"{"tools":[\#(Self.tool("a"))]}"# }
        #expect(bytes.catalogue.tools.isEmpty)
        #expect(bytes.catalogue.problems == ["tools are cut: there are more than 10 bytes"])
        let long = try await list(bounds: .init(cursor: 3)) { _ in #"{"tools":[],"nextCursor":"long"}"# }
        #expect(long.session.requests.count == 1)
    }

    @Test("a method that is not there is an empty list; a list that is refused stays as it was")
    func refused() async throws {
        var previous = Catalogue(revision: .v2025_11_25)
        previous.prompts = [Catalogue.Item(name: "old", members: ByteBuffer(string: "{}"))]
        let capabilities = #"{"tools":{},"prompts":{},"resources":{}}"#
        let (catalogue, _) = try await list(capabilities, previous: previous) { request in
            switch request.method {
            case "prompts/list": throw JSONRPCError(.internalError, "no database")
            case "resources/list": #"{"resources":[]}"#
            default: throw JSONRPCError(.methodNotFound, "no such method")
            }
        }
        #expect(catalogue.tools.isEmpty)
        #expect(catalogue.prompts.map(\.name) == ["old"])
        #expect(
            catalogue.problems == [
                "tools/list is refused: no such method (-32601)", "prompts/list is refused: no database (-32603)",
                "resources/templates/list is refused: no such method (-32601)",
            ])
    }

    @Test("tools that cannot be listed are a failure", arguments: ["{}", "[]", #"{"tools":{}}"#, #"{"resultType":"input_required"}"#])
    func senseless(answer: String) async throws {
        await #expect(throws: HubError.self) { try await list { _ in answer } }
        await #expect(throws: JSONRPCError.self) { try await list { _ in throw JSONRPCError(.internalError, "broken") } }
    }

    @Test("a server of 2024-11-05 completes, though it had no way to say so")
    func oldest() {
        #expect(CatalogueReader(.of(.v2024_11_05, #"{"prompts":{}}"#)).result.completes)
        #expect(!CatalogueReader(.of(.v2024_11_05, #"{"tools":{}}"#)).result.completes)
        #expect(!CatalogueReader(.of(.v2025_11_25, #"{"prompts":{}}"#)).result.completes)
    }
}
