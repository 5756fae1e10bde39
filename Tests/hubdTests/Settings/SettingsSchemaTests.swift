import FoundationEssentials
import HubCore
import NIOCore
import Testing

@testable import hubd

@Suite("specs/hub.schema.json")
struct SettingsSchemaTests {
    /// The file, found from here upwards.
    private static var path: String? {
        var directory = ConfigFile.directory(of: #filePath)
        while !directory.isEmpty, directory != "/" {
            let candidate = directory + "/specs"
            if FileManager.default.fileExists(atPath: candidate) { return candidate + "/hub.schema.json" }
            directory = ConfigFile.directory(of: directory)
        }
        return nil
    }

    @Test("the file is what the grammar says; HUBD_WRITE_SCHEMA=1 writes it")
    func fileMatchesGrammar() throws {
        let path = try #require(Self.path)
        if ProcessInfo.processInfo.environment["HUBD_WRITE_SCHEMA"] == "1" {
            try GrammarSchema.text().write(toFile: path, atomically: false, encoding: .utf8)
        }
        let text = String(buffer: try ConfigFiles.disk.read(path, 1 << 20))
        #expect(text == GrammarSchema.text(), "run the tests with HUBD_WRITE_SCHEMA=1 and look at the difference")
    }

    @Test("every field is described in one sentence")
    func everyFieldIsDescribed() {
        var open: [Shape] = [.object(HubGrammar.root)]
        var names: [String] = []
        while let shape = open.popLast() {
            switch shape {
            case .object(let object):
                for field in object.fields {
                    open.append(field.shape)
                    if !field.summary.hasSuffix(".") || field.summary.count < 5 { names.append(field.name) }
                }
                let known = Set(object.fields.map(\.name))
                #expect(known.count == object.fields.count)
                #expect((object.exactlyOne + object.atMostOne).allSatisfy { known.isSuperset(of: $0) })
            case .map(_, let values): open.append(values)
            case .list(let element, _): open.append(element)
            case .oneOf(let shapes): open += shapes
            case .text, .choice, .integer, .number, .boolean, .secret, .environment, .reference, .anything: break
            }
        }
        #expect(names == [])
    }
}
