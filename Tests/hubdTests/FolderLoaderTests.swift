import Glibc
import NIOCore
import SpecIngest
import Testing

@testable import hubd

struct FolderLoaderTests {
    @Test("links inside the folder are followed, links out of it are not")
    func links() async throws {
        let root = "/tmp/hubd-folder-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try FileAccess.createFolder(root + "/api/sub")
        try FileAccess.createPrivate(root + "/secret.yaml", contents: "secret")
        try FileAccess.createPrivate(root + "/api/sub/a.yaml", contents: "a")
        try #require(unsafe symlink("../secret.yaml", root + "/api/out.yaml") == 0)
        try #require(unsafe symlink("..", root + "/api/up") == 0)
        try #require(unsafe symlink("sub/a.yaml", root + "/api/in.yaml") == 0)
        let loader = FolderLoader(of: root + "/api/api.yaml")
        #expect(try await loader.load("sub/a.yaml") == ByteBuffer(string: "a"))
        #expect(try await loader.load("in.yaml") == ByteBuffer(string: "a"))
        for path in ["out.yaml", "up/secret.yaml", "../secret.yaml", "none.yaml", "sub"] {
            await #expect(throws: IngestError.self) { try await loader.load(path) }
        }
        for path in ["/api/in.yaml", "/api/up", "/api/out.yaml", "/api/sub/a.yaml", "/secret.yaml"] { unsafe unlink(root + path) }
        for path in ["/api/sub", "/api", ""] { unsafe rmdir(root + path) }
    }
}
