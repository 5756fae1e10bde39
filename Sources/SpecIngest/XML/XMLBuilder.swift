import CLibXML2

/// Builds the elements of one parse out of libxml2's callbacks.
@safe final class XMLBuilder {
    /// The root, once it is closed.
    private(set) var root: XMLElement?
    /// Why the parse was ended from here.
    private(set) var failure: SourceError?
    /// The lines of the text.
    let lines: SourceLines

    private let tags: XMLTags
    private let limits: XMLLimits
    private var open: [XMLElement] = []
    private var started = 0
    private var pending: [UInt8] = []
    /// Equal names have one address in libxml2 while it parses, and here one string.
    private var names: [UnsafePointer<UInt8>: String] = unsafe [:]

    /// A builder for the text that `tags` and `lines` are of.
    init(tags: XMLTags, lines: SourceLines, limits: XMLLimits) {
        self.tags = tags
        self.lines = lines
        self.limits = limits
    }

    /// Where the start tag after those told begins; nil past the last.
    var nextPosition: SourcePosition? {
        tags.starts.indices.contains(started) ? lines.position(at: Int(tags.starts[started])) : nil
    }

    /// Takes a start tag; whether the parse goes on.
    func start(_ tag: hub_xml_tag) -> Bool {
        takeText()
        guard open.count < limits.maximumDepth else {
            failure = SourceError(message: "elements stand deeper in each other than \(limits.maximumDepth)", position: nextPosition)
            return false
        }
        let position = limits.keepsPositions ? nextPosition : nil
        var element = XMLElement(
            name: unsafe XMLName(namespace: name(tag.space), local: name(tag.local)),
            position: position ?? SourcePosition(line: 1, column: 1))
        element.prefixes = open.last?.prefixes ?? XMLPrefixes()
        if unsafe tag.declaration_count > 0 {
            element.prefixes = unsafe element.prefixes.declaring(declarations(of: tag))
            guard element.prefixes.count <= limits.maximumDeclarations else {
                failure = SourceError(message: "more than \(limits.maximumDeclarations) prefixes are declared", position: nextPosition)
                return false
            }
        }
        element.attributes = unsafe attributes(of: tag)
        started += 1
        open.append(element)
        return true
    }

    /// Takes an end tag; whether the parse goes on.
    func end() -> Bool {
        takeText()
        guard let closed = open.popLast() else { return false }
        if open.isEmpty {
            root = closed
        } else {
            open[open.count - 1].children.append(.element(closed))
        }
        return true
    }

    /// Takes a piece of text; whether the parse goes on.
    func text(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        unsafe pending.append(contentsOf: bytes)
        return true
    }

    private func takeText() {
        guard !pending.isEmpty else { return }
        if !open.isEmpty { open[open.count - 1].children.append(.text(String(decoding: pending, as: UTF8.self))) }
        pending.removeAll(keepingCapacity: true)
    }

    private func name(_ pointer: UnsafePointer<UInt8>?) -> String {
        guard let pointer = unsafe pointer else { return "" }
        if let known = unsafe names[pointer] { return known }
        let name = unsafe Self.value(String(cString: pointer))  // libxml2 ends its names with a zero byte
        unsafe names[pointer] = name
        return name
    }

    private func declarations(of tag: hub_xml_tag) -> [String: String] {
        let pairs = unsafe UnsafeBufferPointer(start: tag.declarations, count: 2 * tag.declaration_count)
        var declared: [String: String] = [:]
        for index in stride(from: 0, to: pairs.count, by: 2) { declared[unsafe name(pairs[index])] = unsafe name(pairs[index + 1]) }
        return declared
    }

    private func attributes(of tag: hub_xml_tag) -> [XMLAttribute] {
        let groups = unsafe UnsafeBufferPointer(start: tag.attributes, count: 5 * tag.attribute_count)
        var attributes: [XMLAttribute] = []
        for index in stride(from: 0, to: groups.count, by: 5) {
            guard let start = unsafe groups[index + 3], let end = unsafe groups[index + 4] else { continue }
            let name = unsafe XMLName(namespace: name(groups[index + 2]), local: name(groups[index]))
            let value = unsafe String(decoding: UnsafeBufferPointer(start: start, count: end - start), as: UTF8.self)
            attributes.append(XMLAttribute(name: name, value: Self.value(value)))
        }
        return attributes
    }

    /// The value of an attribute or the namespace of a declaration: libxml2, not told to substitute entities, leaves each `&` as `&#38;`.
    private static func value(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var bytes: [UInt8] = []
        var left = 0
        for byte in text.utf8 {
            if left > 0 {
                left -= 1
            } else {
                bytes.append(byte)
                if byte == UInt8(ascii: "&") { left = "#38;".utf8.count }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
