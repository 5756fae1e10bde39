import NIOCore
import Testing

@testable import SpecIngest

@Suite("Schemas that are long to read")
struct HostileSchemaTests {
    private static func root(_ content: String) throws -> XMLElement {
        let head = #"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:t" targetNamespace="urn:t">"#
        return try XMLReader.read(ByteBuffer(string: head + content + "</xs:schema>"), limits: .description)
    }

    private static func compile(_ content: String, redefining: String = "") throws -> (set: SchemaSet, findings: [SchemaFinding]) {
        return SchemaCompiler.compile([
            SchemaDocument(root: try root(content), path: ""),
            SchemaDocument(root: try root(redefining), path: "", isRedefinition: true),
        ])
    }

    @Test("a list of lists of lists is planned without recursion to its end")
    func lists() throws {
        let types = (0..<20_000).map { #"<xs:simpleType name="L\#($0)"><xs:list itemType="L\#($0 + 1)"/></xs:simpleType>"# }.joined()
        let (set, _) = try Self.compile(types)
        var planner = TypePlanner(set)
        let number = try #require(set.typeNumbers[XMLName(namespace: "urn:t", local: "L0")])
        guard case .list = planner.simplePlan(of: number).kind else {
            Issue.record("no list")
            return
        }
    }

    @Test("of a type that is redefined two thousand times each redefinition has the one before")
    func redefinitions() throws {
        let step = #"<xs:complexType name="T"><xs:complexContent><xs:extension base="T"/></xs:complexContent></xs:complexType>"#
        let (set, findings) = try Self.compile(#"<xs:complexType name="T"/>"#, redefining: String(repeating: step, count: 2_000))
        let number = try #require(set.typeNumbers[XMLName(namespace: "urn:t", local: "T")])
        #expect(set.lineage(of: number).count == SchemaLimits.lineage)
        #expect(findings.isEmpty)
    }

    @Test("a group of many notes that is used often costs no more than a schema may")
    func notes() throws {
        let notes = String(repeating: "<xs:annotation/>", count: 20_000)
        let group = #"<xs:group name="G">\#(notes)<xs:sequence><xs:element name="a"/></xs:sequence></xs:group>"#
        let uses = String(repeating: #"<xs:group ref="G"/>"#, count: 1_000)
        let (_, findings) = try Self.compile("\(group)<xs:complexType name=\"T\"><xs:sequence>\(uses)</xs:sequence></xs:complexType>")
        #expect(findings.map(\.kind) == [.more])
    }
}
