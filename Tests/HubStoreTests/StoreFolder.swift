import Crypto
import FoundationEssentials
import HubStore

/// A fresh folder for one test.
final class StoreFolder: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "hub-store-\(UUID())")

    init() throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)  // a temporary folder may stay
    }

    /// Where the store is.
    var path: String { url.appending(path: "hub.sqlite").path }

    /// Every byte of every file in it.
    func contents() throws -> [Data] {
        try FileManager.default.contentsOfDirectory(atPath: url.path).map { try Data(contentsOf: url.appending(path: $0)) }
    }

    /// A master key of one repeated byte.
    static func key(_ byte: UInt8) throws -> MasterKey {
        try MasterKey(SymmetricKey(data: [UInt8](repeating: byte, count: 32))) ?? { throw MissingKey() }()
    }

    struct MissingKey: Error {}
}
