import NIOCore
import Testing

@testable import SpecIngest

struct XMLReaderTests {
    private static func read(_ text: String, limits: XMLLimits = .description) throws(SourceError) -> XMLElement {
        try XMLReader.read(ByteBuffer(string: text), limits: limits)
    }

    private static func refusal(_ bytes: ByteBuffer, limits: XMLLimits = .message) -> String? {
        do throws(SourceError) {
            _ = try XMLReader.read(bytes, limits: limits)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("names, attributes, text, CDATA and positions are read")
    func golden() throws {
        let root = try Self.read(
            "<?xml version='1.0'?>\n<a xmlns='u' xmlns:p='v'\n p:x='1&amp;2'>t<![CDATA[<&]]><!-- c -->&#x41;\n  <p:b y=''/>z</a>")
        #expect(root.name == XMLName(namespace: "u", local: "a"))
        #expect(root.position == SourcePosition(line: 2, column: 1))
        #expect(root.attribute("x", namespace: "v") == "1&2")
        #expect(root.attribute("x") == nil)
        #expect(root.children.count == 3)
        #expect(root.text == "t<&A\n  z")
        let child = try #require(root.elements.first { _ in true })
        #expect(child.name == XMLName(namespace: "v", local: "b"))
        #expect(child.position == SourcePosition(line: 4, column: 3))
        #expect(child.prefixes.resolve(qname: " p:q ", usesDefault: true) == XMLName(namespace: "v", local: "q"))
        #expect(child.prefixes.resolve(qname: "q", usesDefault: true) == XMLName(namespace: "u", local: "q"))
        #expect(child.prefixes.resolve(qname: "q", usesDefault: false) == XMLName(namespace: "", local: "q"))
        #expect(child.prefixes.resolve(qname: "no:q", usesDefault: true) == nil)
    }

    @Test(
        "what is malformed or could load or grow is refused with its place",
        arguments: [
            ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "1:1: a document type declaration is refused"),
            ("<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'http://127.0.0.1/x.dtd'><a/>", "2:1: a document type declaration is refused"),
            ("<!DOCTYPE a [<!ENTITY % x SYSTEM 'file:///etc/passwd'>%x;]><a/>", "1:1: a document type declaration is refused"),
            ("<a>\n <b p:x='1'/></a>", "2:2: a prefix is not declared"),
            ("<a>\n<p:b/></a>", "2:1: a prefix is not declared"),
            ("<a x='1' x='2'/>", "1:1: an attribute is there twice"),
            ("<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>", "1:1: an attribute is there twice"),
            ("<?xml version='1.0' encoding='UTF-7'?><a/>", "1:1: the declared encoding is not UTF-8, UTF-16 or ISO-8859-1"),
            ("<a/>\u{0}<b/>", "1:5: a character that XML does not have"),
        ] as [(String, String)])
    func refusals(text: String, message: String) { #expect(Self.refusal(ByteBuffer(string: text)) == message) }

    @Test(
        "other malformed texts are refused",
        arguments: [
            "", " ", "a", "<a>&x;</a>", "<a b='&x;'/>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a/><b/>", "<a/>x", "<a></b>", "<a b='<'/>",
        ])
    func malformed(text: String) { #expect(Self.refusal(ByteBuffer(string: text)) != nil) }

    @Test("each limit lets through what just fits and refuses one more")
    func limits() throws {
        let limits = XMLLimits(maximumBytes: 4000, maximumDepth: 8, maximumElements: 20, maximumAttributes: 5, maximumDeclarations: 6)
        func nested(_ depth: Int) -> String { String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth) }
        func wide(_ count: Int) -> String { "<r>" + String(repeating: "<a/>", count: count - 1) + "</r>" }
        func attributes(_ count: Int) -> String { "<a" + (0..<count).map { " x\($0)='1'" }.joined() + "/>" }
        func declared(_ count: Int) -> String {
            "<a" + (0..<3).map { " xmlns:x\($0)='u'" }.joined() + "><b" + (3..<count).map { " xmlns:x\($0)='u'" }.joined() + "/></a>"
        }
        func sized(_ count: Int) -> String { "<a>" + String(repeating: "x", count: count - 7) + "</a>" }
        for (text, most) in [(nested, 8), (wide, 20), (attributes, 5), (declared, 6), (sized, 4000)] as [((Int) -> String, Int)] {
            #expect(Self.refusal(ByteBuffer(string: text(most)), limits: limits) == nil)
            #expect(Self.refusal(ByteBuffer(string: text(most + 1)), limits: limits) != nil)
        }
    }

    @Test("no beginning of a text is taken for the whole")
    func truncation() {
        let text = "<?xml version='1.0'?><a xmlns='u' b='&lt;'>t<![CDATA[x]]><c/><!-- d --><?e f?>&#65;é</a>"
        let whole = ByteBuffer(string: text)
        for length in 0..<whole.readableBytes {
            #expect(Self.refusal(whole.getSlice(at: 0, length: length) ?? ByteBuffer()) != nil, "\(length)")
        }
    }

    @Test("UTF-16 of both orders and ISO-8859-1 are read", arguments: [true, false])
    func encodings(bigEndian: Bool) throws {
        for mark in ["\u{FEFF}", ""] {
            var bytes = ByteBuffer()
            for unit in (mark + "<?xml version='1.0' encoding='UTF-16'?><a>é漢😀</a>").utf16 {
                bytes.writeInteger(unit, endianness: bigEndian ? .big : .little)
            }
            #expect(try XMLReader.read(bytes, limits: .message).text == "é漢😀")
        }
        var latin = ByteBuffer(string: "<?xml version='1.0' encoding='ISO-8859-1'?><a>")
        latin.writeBytes([0xE9])
        latin.writeString("</a>")
        #expect(try XMLReader.read(latin, limits: .message).text == "é")
    }

    @Test("what is written is read again as it was, and what XML cannot hold is refused")
    func writer() throws {
        let value = "a\r\n\t<>&\"'é😀"
        var root = XMLElement(name: XMLName(namespace: "u", local: "a"))
        root.attributes = [XMLAttribute(name: XMLName(namespace: "v", local: "x"), value: value)]
        root.children = [.text(value), .element(XMLElement(name: XMLName(namespace: "", local: "b")))]
        let written = try XMLWriter.write(root, declaration: true, preferredPrefixes: ["u": "p"])
        #expect(String(buffer: written).contains(#"<p:a xmlns:p="u" xmlns:ns2="v" ns2:x="a&#xD;&#xA;&#x9;&lt;"#))
        let again = try XMLReader.read(written, limits: .message)
        #expect(again.attribute("x", namespace: "v") == value)
        #expect(again.text == value)
        let ampersands = try Self.read("<a xmlns='u&amp;v' x='&#38;&amp;#38;&#x26;'/>")
        #expect(ampersands.name.namespace == "u&v")
        #expect(ampersands.attribute("x") == "&&#38;&")
        root.children = [.text("\u{1}")]
        #expect(throws: XMLWriteError.self) { try XMLWriter.write(root, declaration: false, preferredPrefixes: [:]) }
        root.children = [.element(XMLElement(name: XMLName(namespace: "", local: "b c")))]
        #expect(throws: XMLWriteError.self) { try XMLWriter.write(root, declaration: false, preferredPrefixes: [:]) }
    }
}
