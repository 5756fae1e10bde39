import Testing

@testable import SpecIngest

/// Schemas are given as trees, so that these tests say nothing of how XML is read.
@Suite("Schemas are compiled with every name found")
struct SchemaCompilerTests {
    private static let prefixes = XMLPrefixes().declaring(["x": SchemaVocabulary.namespace, "t": "urn:t"])

    private func x(_ local: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: XMLElement...) -> XMLElement {
        XMLElement(
            name: XMLName(namespace: SchemaVocabulary.namespace, local: local),
            attributes: attributes.map { XMLAttribute(name: XMLName(namespace: "", local: $0), value: $1) },
            children: children.map { .element($0) }, prefixes: Self.prefixes)
    }

    private func t(_ local: String) -> XMLName { XMLName(namespace: "urn:t", local: local) }

    private func compile(_ roots: XMLElement...) -> (set: SchemaSet, findings: [SchemaFinding]) {
        SchemaCompiler.compile(roots.map { SchemaDocument(root: $0, path: "") })
    }

    private func names(_ particles: [SchemaParticle]) -> [String] {
        particles.flatMap { particle -> [String] in
            switch particle.term {
            case .element(let element): [element.name.local]
            case .sequence(let inner), .choice(let inner), .all(let inner): names(inner)
            case .any: ["*"]
            }
        }
    }

    @Test("what an extension inherits comes first, whatever the order of the types, and a restriction stands for itself")
    func derivation() throws {
        let (set, findings) = compile(
            x(
                "schema", ["targetNamespace": "urn:t", "elementFormDefault": "qualified"],
                x(
                    "complexType", ["name": "Dog"],
                    x("complexContent", [:], x("extension", ["base": "t:Animal"], x("sequence", [:], x("element", ["name": "breed"]))))),
                x(
                    "complexType", ["name": "Animal", "abstract": "true"],
                    x(
                        "sequence", [:], x("element", ["name": "name", "type": "x:string"]), x("element", ["name": "age", "type": "x:int"])),
                    x("attribute", ["name": "id", "use": "required"])),
                x(
                    "complexType", ["name": "Stone"],
                    x(
                        "complexContent", [:],
                        x(
                            "restriction", ["base": "t:Animal"], x("sequence", [:], x("element", ["name": "name"])),
                            x("attribute", ["name": "id", "use": "prohibited"]))))))
        let dog = try #require(set.typeNumbers[t("Dog")])
        let animal = try #require(set.typeNumbers[t("Animal")])
        let stone = try #require(set.typeNumbers[t("Stone")])
        #expect(names(set.particles(of: dog)) == ["name", "age", "breed"])
        #expect(set.attributes(of: dog).map(\.name.local) == ["id"])
        #expect(names(set.particles(of: stone)) == ["name"])
        #expect(set.attributes(of: stone).isEmpty)
        #expect(set[animal].isAbstract && set[animal].derived == [dog, stone])
        #expect(findings.isEmpty)
    }

    @Test("local elements are qualified as the schema and they themselves say")
    func qualification() throws {
        let (set, _) = compile(
            x(
                "schema", ["targetNamespace": "urn:t"],
                x(
                    "complexType", ["name": "T"],
                    x("sequence", [:], x("element", ["name": "a"]), x("element", ["name": "b", "form": "qualified"])))))
        let found = set.particles(of: try #require(set.typeNumbers[t("T")]))
        guard case .sequence(let inside) = try #require(found.first).term else { return #expect(Bool(false), "no sequence") }
        let namespaces = inside.map { particle in if case .element(let element) = particle.term { element.name.namespace } else { "?" } }
        #expect(namespaces == ["", "urn:t"])
    }

    @Test("types, elements, groups and bases that contain themselves end")
    func cycles() throws {
        let (set, _) = compile(
            x(
                "schema", ["targetNamespace": "urn:t"],
                x(
                    "element", ["name": "node"],
                    x("complexType", [:], x("sequence", [:], x("element", ["ref": "t:node", "maxOccurs": "unbounded"])))),
                x("group", ["name": "g"], x("sequence", [:], x("group", ["ref": "t:g"]), x("element", ["name": "e"]))),
                x("complexType", ["name": "G"], x("group", ["ref": "t:g"])),
                x("complexType", ["name": "A"], x("complexContent", [:], x("extension", ["base": "t:B"]))),
                x("complexType", ["name": "B"], x("complexContent", [:], x("extension", ["base": "t:A"]))),
                x("element", ["name": "h1", "substitutionGroup": "t:h2"]), x("element", ["name": "h2", "substitutionGroup": "t:h1"])))
        let node = try #require(set.elements[t("node")])
        guard case .sequence(let inside)? = set[node.type].particle?.term, case .element(let again)? = inside.first?.term else {
            return #expect(Bool(false), "no element inside")
        }
        #expect(again.type == node.type)
        #expect(inside.first?.isRepeated == true)
        #expect(names(set.particles(of: try #require(set.typeNumbers[t("G")]))) == ["e"])
        #expect(set.lineage(of: try #require(set.typeNumbers[t("A")])).count == 2)
    }

    @Test("groups that double at each step stop at the limit, with a finding")
    func explosion() {
        let groups = (0..<40).map { step in
            x(
                "group", ["name": "g\(step)"],
                x("sequence", [:], x("group", ["ref": "t:g\(step + 1)"]), x("group", ["ref": "t:g\(step + 1)"])))
        }
        var schema = x("schema", ["targetNamespace": "urn:t"], x("complexType", ["name": "T"], x("group", ["ref": "t:g0"])))
        schema.children += groups.map { .element($0) }
        let (_, findings) = compile(schema)
        #expect(findings.contains { $0.kind == .more })
    }

    @Test("what is missing takes anything, with a finding that names it")
    func missing() throws {
        let (set, findings) = compile(
            x(
                "schema", ["targetNamespace": "urn:t"], x("element", ["name": "a", "type": "t:Gone"]),
                x("element", ["name": "b", "type": "u:X"])))
        #expect(set.elements[t("a")]?.type == 0)
        #expect(set.elements[t("b")]?.type == 0)
        #expect(findings.map(\.kind) == [.unresolvedReference, .unresolvedReference])
        #expect(findings.first?.message.contains("\"Gone\"") == true)
    }

    @Test("a schema without a namespace takes that of the one that includes it, with its references")
    func chameleon() throws {
        var included = x("schema", [:], x("complexType", ["name": "P"]), x("element", ["name": "p", "type": "P"]))
        included.attributes = []
        let (set, findings) = SchemaCompiler.compile([SchemaDocument(root: included, path: "p.xsd", includedIn: "urn:t")])
        #expect(set.elements[t("p")]?.type == set.typeNumbers[t("P")])
        #expect(findings.isEmpty)
    }

    @Test("a redefinition extends what stood under its name, and others see the result")
    func redefinition() throws {
        let base = x(
            "schema", ["targetNamespace": "urn:t"], x("complexType", ["name": "R"], x("sequence", [:], x("element", ["name": "a"]))))
        let change = x(
            "redefine", [:],
            x(
                "complexType", ["name": "R"],
                x("complexContent", [:], x("extension", ["base": "t:R"], x("sequence", [:], x("element", ["name": "b"]))))))
        let (set, _) = SchemaCompiler.compile([
            SchemaDocument(root: base, path: "r.xsd"),
            SchemaDocument(
                root: change, path: "", includedIn: "urn:t", isRedefinition: true,
                enclosing: x("schema", ["targetNamespace": "urn:t", "elementFormDefault": "qualified"])),
        ])
        let found = set.particles(of: try #require(set.typeNumbers[t("R")]))
        #expect(names(found) == ["a", "b"])
        guard case .sequence(let added) = try #require(found.last).term, case .element(let element)? = added.first?.term else {
            return #expect(Bool(false), "no element")
        }
        #expect(element.name.namespace == "urn:t")
    }

    @Test("facets, lists and unions keep what they are made of")
    func simpleTypes() throws {
        let (set, _) = compile(
            x(
                "schema", ["targetNamespace": "urn:t"],
                x(
                    "simpleType", ["name": "Code"],
                    x(
                        "restriction", ["base": "x:string"], x("maxLength", ["value": "3"]), x("enumeration", ["value": "A"]),
                        x("enumeration", ["value": "B"]))),
                x("simpleType", ["name": "Codes"], x("list", ["itemType": "t:Code"])),
                x("simpleType", ["name": "Either"], x("union", ["memberTypes": "t:Code x:int"]))))
        let code = try #require(set.typeNumbers[t("Code")])
        let steps = try #require(set.simple(code))
        #expect(steps.last?.enumeration == ["A", "B"] && steps.last?.maximumLength == 3)
        guard case .builtIn("string")? = steps.first?.variety else { return #expect(Bool(false), "not a string") }
        guard case .list(code)? = set.simple(try #require(set.typeNumbers[t("Codes")]))?.last?.variety else {
            return #expect(Bool(false), "no list")
        }
        guard case .union(let members)? = set.simple(try #require(set.typeNumbers[t("Either")]))?.last?.variety else {
            return #expect(Bool(false), "no union")
        }
        #expect(members.count == 2 && members.first == code)
    }
}
