import A2ABridge
import HubCore
import MCPHub
import ModelProxy
import SpecIngest
import Testing

@testable import hubd

@Suite struct RouteTests {
    /// `METHOD path` of each operation of a description, and whether it asks for something.
    private func operations(_ file: String) throws -> [String: Bool] {
        let bytes = try FileAccess.read("specs/\(file).openapi.yaml", limit: 1 << 20)
        let root = try SourceDocument(reading: bytes).json.root
        var operations: [String: Bool] = [:]
        for (path, item) in try #require(root["paths"]).members {
            for (method, operation) in item.members {
                guard let method = method.string, method != "parameters", let path = path.string else { continue }
                let security = try #require(operation["security"] ?? root["security"])
                // An empty one of several says that no credential is needed.
                operations["\(method.uppercased()) \(path)"] = security.count > 0 && !security.elements.contains { $0.count == 0 }
            }
        }
        return operations
    }

    @Test("the admin listener serves what its description says, to whom it says")
    func admin() throws {
        let described = try operations("admin")
        #expect(Set(described.keys) == Set(AdminRoute.allCases.map(\.rawValue)))
        for route in AdminRoute.allCases { #expect(described[route.rawValue] == (route.access != .open)) }
    }

    @Test("the public listener serves what its description says, and all of it that is an entry's asks")
    func `public`() throws {
        let described = try operations("public")
        let paths = Set(described.keys.map { String($0.drop { $0 != "/" }) })
        let entries = MCPRoute.allCases.map { "/mcp/{server}" + $0.rawValue } + ModelRoute.allCases.map { "/models/{api}" + $0.rawValue }
        let short = ModelRoute.allCases.map(\.rawValue)
        let documents = [
            "/.well-known/ai-catalog.json", "/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp/{server}",
        ]
        let agents = A2AAgent.operations.map { $0.replacing(" ", with: " /a2a/{agent}", maxReplacements: 1) }
        let cards = ["GET /.well-known/agent-card.json", "GET /.well-known/agent.json"]
        #expect(paths.filter { !$0.hasPrefix("/a2a/") && !$0.hasPrefix("/.well-known/agent") } == Set(entries + short + documents))
        #expect(Set(described.keys.filter { $0.contains(" /a2a/") || $0.contains(" /.well-known/agent") }) == Set(agents + cards))
        for (operation, asks) in described { #expect(asks != operation.contains("/.well-known/"), "\(operation)") }
    }
}
