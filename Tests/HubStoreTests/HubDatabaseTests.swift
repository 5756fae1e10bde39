import FoundationEssentials
import HubStore
import Testing

@Suite struct HubDatabaseTests {
    @Test("a store is made where there is none and opened again")
    func opens() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hub-store-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a temporary folder may stay
        let path = folder.appending(path: "hub.sqlite").path
        _ = try HubDatabase(path: path).version()
        _ = try HubDatabase(path: path).version()
        #expect(FileManager.default.fileExists(atPath: path))
    }
}
