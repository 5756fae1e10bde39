import NIOCore

@testable import SpecIngest

/// XML schemas: the root, or every schema in it, and what a redefinition holds.
enum SchemaSubject: Subject {
    static let name = "schema"

    static func check(_ input: ByteBuffer) {
        guard let root = try? XMLReader.read(input, limits: .message) else { return }  // refused with a reason: good
        let documents = documents(in: root)
        let (set, findings) = SchemaCompiler.compile(documents)
        claim(SchemaCompiler.compile(documents).findings == findings, "the same schemas give the same findings")
        claim(set.typeNumbers.values.allSatisfy { set.types.indices.contains($0) }, "a number is that of a type")
        claim(set.elements.values.allSatisfy { set.types.indices.contains($0.type) }, "the type of an element is there")
        for number in set.types.indices {
            claim(set.lineage(of: number).count <= SchemaLimits.lineage, "a lineage ends")
            let attributes = set.attributes(of: number)
            claim(Set(attributes.map(\.name)).count == attributes.count, "an attribute is there once")
            claim(attributes.allSatisfy { set.types.indices.contains($0.type) }, "the type of an attribute is there")
            for particle in set.particles(of: number) { check(particle, set) }
            _ = set.simple(number)
        }
    }

    private static func check(_ particle: SchemaParticle, _ set: SchemaSet) {
        claim(particle.minimum >= 0 && particle.maximum ?? 1 > 0, "a particle may be there")
        switch particle.term {
        case .element(let element): claim(set.types.indices.contains(element.type), "the type of an element is there")
        case .sequence(let inner), .choice(let inner), .all(let inner): for particle in inner { check(particle, set) }
        case .any: break
        }
    }

    private static func documents(in element: XMLElement) -> [SchemaDocument] {
        guard element.name.namespace == SchemaVocabulary.namespace else { return element.elements.flatMap { documents(in: $0) } }
        let own = SchemaDocument(root: element, path: "")
        let redefinitions = element.elements.filter { $0.name.local == "redefine" }
        return [own] + redefinitions.map { SchemaDocument(root: $0, path: "", includedIn: own.targetNamespace, isRedefinition: true) }
    }
}
