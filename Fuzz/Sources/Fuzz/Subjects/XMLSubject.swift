import NIOCore

@testable import SpecIngest

/// XML, and what is written of it.
enum XMLSubject: Subject {
    static let name = "xml"

    static func check(_ input: ByteBuffer) {
        guard let root = try? XMLReader.read(input, limits: .message) else { return }  // refused with a reason: good
        claim(depth(of: root) <= XMLLimits.message.maximumDepth, "the limits hold")
        guard let written = try? XMLWriter.write(root, declaration: true) else { return }  // a namespace that none may use
        guard let again = try? XMLReader.read(written, limits: .description) else { fatalError("what was written is read") }
        claim((try? XMLWriter.write(again, declaration: true)) == written, "what was read comes back as it was written")  // nil: no
    }

    private static func depth(of element: XMLElement) -> Int {
        1 + (element.elements.map { depth(of: $0) }.max() ?? 0)
    }
}
