import Crypto
import FoundationEssentials
import HubCore
import NIOCore
import Testing

@testable import HubStore

@Suite struct AuthenticatedSealTests {
    private let key = SymmetricKey(data: [UInt8](repeating: 3, count: 32))

    @Test("what is sealed opens with the same key and purpose, and with no other")
    func roundTrip() throws {
        let sealed = try AuthenticatedSeal.seal([1, 2, 3], under: key, boundTo: [9])
        #expect(sealed.count == 31)
        #expect(AuthenticatedSeal.open(sealed, under: key, boundTo: [9]) == [1, 2, 3])
        #expect(AuthenticatedSeal.open(sealed, under: key, boundTo: []) == nil)
        #expect(AuthenticatedSeal.open(sealed, under: SymmetricKey(size: .bits256), boundTo: [9]) == nil)
    }

    @Test("nothing opens that was cut off or changed in any byte")
    func damage() throws {
        let sealed = try AuthenticatedSeal.seal(Array("value".utf8), under: key, boundTo: [9])
        for index in sealed.indices {
            #expect(AuthenticatedSeal.open(Array(sealed[..<index]), under: key, boundTo: [9]) == nil)
            var changed = sealed
            changed[index] ^= 1
            #expect(AuthenticatedSeal.open(changed, under: key, boundTo: [9]) == nil)
        }
    }
}

/// Wycheproof's AES-GCM vectors (`hostile/crypto`): run where `HUBD_CORPORA` names their folder.
@Suite("AES-256-GCM against Wycheproof", .enabled(if: Wycheproof.folder != nil, "HUBD_CORPORA is not set"))
struct WycheproofSealTests {
    @Test("every vector with 256-bit keys, 96-bit nonces and 128-bit tags has its verdict")
    func vectors() throws {
        let vectors = try Wycheproof.vectors()
        #expect(vectors.count > 50)
        for vector in vectors {
            let opened = AuthenticatedSeal.open(vector.sealed, under: SymmetricKey(data: vector.key), boundTo: vector.context)
            #expect(opened == (vector.isValid ? vector.message : nil), "vector \(vector.id)")
        }
        #expect(vectors.contains { $0.isValid } && vectors.contains { !$0.isValid })
    }
}

/// Reads the vectors.
enum Wycheproof {
    struct Vector {
        var id: Int
        var key: [UInt8]
        var sealed: [UInt8]
        var context: [UInt8]
        var message: [UInt8]
        var isValid: Bool
    }

    static let folder = ProcessInfo.processInfo.environment["HUBD_CORPORA"]

    static func vectors() throws -> [Vector] {
        guard let folder else { return [] }
        let data = try Data(contentsOf: URL(filePath: folder + "/hostile/crypto/wycheproof/aes_gcm_test.json"))
        let root = try JSONDocument(parsing: ByteBuffer(bytes: data), limits: .payload).root
        var vectors: [Vector] = []
        for group in root["testGroups"]?.elements ?? JSONValue.Elements.none
        where group["keySize"]?.int == 256 && group["ivSize"]?.int == 96 && group["tagSize"]?.int == 128 {
            for test in group["tests"]?.elements ?? JSONValue.Elements.none {
                func bytes(_ name: String) -> [UInt8] { hexadecimal(test[name]?.string ?? "") }
                vectors.append(
                    Vector(
                        id: test["tcId"]?.int ?? 0, key: bytes("key"), sealed: bytes("iv") + bytes("ct") + bytes("tag"),
                        context: bytes("aad"),
                        message: bytes("msg"), isValid: test["result"]?.string == "valid"))
            }
        }
        return vectors
    }

    private static func hexadecimal(_ text: String) -> [UInt8] {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
