import Crypto
import FoundationEssentials
import HTTPTypes
import HubCore
import HubTelemetry
import Logging
import MCPHub
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import hubd

@Suite("Data folder")
struct DataDirectoryTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hubd-test-\(UInt64.random(in: .min ... .max))").path
        defer { try? FileManager.default.removeItem(atPath: folder) }  // a leftover in the temporary folder harms nobody
        try body(folder)
    }

    @Test("the key and the token are made once, for the owner alone")
    func files() throws {
        try withFolder { folder in
            let data = try DataDirectory(path: folder + "/deep/data")
            let token = try data.adminToken()
            #expect(token.revealed.utf8.count >= 40)
            #expect(try data.adminToken() == token)
            #expect(try data.masterKey() == data.masterKey())
            #expect(try DataDirectory.masterKey(of: Secret(String(repeating: "k", count: 32))) != data.masterKey())
            #expect(throws: DataDirectory.DataError.self) { try DataDirectory.masterKey(of: Secret("short")) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: data.path).sorted() == ["admin.token", "master.key"])
            let attributes = try FileManager.default.attributesOfItem(atPath: data.adminTokenPath)
            #expect((attributes[.posixPermissions] as? Int) == 0o600)
        }
    }

    @Test("a second hub on the same folder is refused with what to do")
    func locks() throws {
        try withFolder { folder in
            let data = try DataDirectory(path: folder)
            let lock = try data.lock()
            let error = #expect(throws: DataDirectory.DataError.self) { _ = try DataDirectory(path: folder).lock() }
            #expect(error?.description.contains("--data") == true)
            withExtendedLifetime(lock) {}
        }
    }
}
