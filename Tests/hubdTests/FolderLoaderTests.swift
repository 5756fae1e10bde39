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
        let loader = try FolderLoader(of: root + "/api/api.yaml")
        #expect(loader.name == "api.yaml")
        #expect(try await loader.load("sub/a.yaml") == ByteBuffer(string: "a"))
        #expect(try await loader.load("in.yaml") == ByteBuffer(string: "a"))
        for path in ["out.yaml", "up/secret.yaml", "../secret.yaml", "none.yaml", "sub"] {
            await #expect(throws: IngestError.self) { try await loader.load(path) }
        }
        let wider = try FolderLoader(of: root + "/api/sub/a.yaml", root: root + "/api/..")
        #expect(wider.name == "api/sub/a.yaml")
        #expect(try await wider.load("secret.yaml") == ByteBuffer(string: "secret"))
        #expect(try await wider.load("api/out.yaml") == ByteBuffer(string: "secret"), "what is out of one folder is in another")
        for (description, folder) in [("/secret.yaml", "/api"), ("/api/api.yaml", "/none"), ("/none/api.yaml", "")] {
            #expect(throws: IngestError.self) { try FolderLoader(of: root + description, root: root + folder) }
        }
        for path in ["/api/in.yaml", "/api/up", "/api/out.yaml", "/api/sub/a.yaml", "/secret.yaml"] { unsafe unlink(root + path) }
        for path in ["/api/sub", "/api", ""] { unsafe rmdir(root + path) }
    }
}

struct FileAccessTests {
    @Test("a file is read only where it is once it is open, whatever the path said")
    func inside() throws {
        let root = "/tmp/hubd-inside-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try FileAccess.createFolder(root + "/in")
        try FileAccess.createFolder(root + "/inner")
        try FileAccess.createPrivate(root + "/in/a", contents: "a")
        try FileAccess.createPrivate(root + "/inner/b", contents: "b")
        #expect(try FileAccess.read(root + "/in/a", inside: root + "/in/.", limit: 1) == ByteBuffer(string: "a"))
        for (path, code) in [("/inner/b", EXDEV), ("/in/../inner/b", EXDEV), ("/in/none", ENOENT), ("/in", EXDEV), ("/in/a/b", ENOTDIR)] {
            let error = #expect(throws: FileAccess.FileError.self) { try FileAccess.read(root + path, inside: root + "/in", limit: 1) }
            #expect(error?.code == code && error?.path == root + path)
        }
        try #require(unsafe mkfifo(root + "/in/pipe", 0o600) == 0)
        #expect(throws: FileAccess.FileError.self) { try FileAccess.read(root + "/in/pipe", inside: root + "/in", limit: 1) }
        #expect(throws: FileAccess.FileError.self) { try FileAccess.read(root + "/in/a", inside: root + "/in", limit: 0) }
        for path in ["/in/a", "/in/pipe", "/inner/b"] { unsafe unlink(root + path) }
        for path in ["/in", "/inner", ""] { unsafe rmdir(root + path) }
    }
}
