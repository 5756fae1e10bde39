import CLibXML2
import NIOCore

/// Reads XML of strangers: no document types, no entities, nothing loaded, and every size bounded.
enum XMLReader {
    /// The root element of a text in UTF-8, UTF-16 or ISO-8859-1.
    static func read(_ bytes: ByteBuffer, limits: XMLLimits) throws(SourceError) -> XMLElement {
        guard bytes.readableBytes <= min(limits.maximumBytes, Int(Int32.max) / 2) else {
            throw SourceError(message: "the text has more than \(limits.maximumBytes) bytes")
        }
        let text = try XMLEncoding.decode(bytes)
        let lines = SourceLines(text)
        let tags: XMLTags
        do throws(XMLTags.Refusal) {
            tags = try XMLTags(text.readableBytesUInt8Span, limits: limits)
        } catch {
            throw SourceError(message: error.message, position: lines.position(at: error.offset))
        }
        let builder = XMLBuilder(tags: tags, lines: lines, limits: limits)
        if let failure = parse(text, builder) { throw failure }
        guard let root = builder.root else { throw SourceError(message: "there is no element") }
        return root
    }

    private static func parse(_ text: ByteBuffer, _ builder: XMLBuilder) -> SourceError? {
        var failure = unsafe hub_xml_failure()
        // The context is borrowed: `builder` outlives the call, and C keeps nothing.
        let status = withExtendedLifetime(builder) {
            var handler = unsafe hub_xml_handler(
                context: Unmanaged.passUnretained(builder).toOpaque(),
                start: { context, tag in unsafe XMLReader.builder(context)?.start(tag.pointee) == true ? 0 : -1 },
                end: { context in unsafe XMLReader.builder(context)?.end() == true ? 0 : -1 },
                text: { context, bytes, length in
                    unsafe XMLReader.builder(context)?.text(UnsafeBufferPointer(start: bytes, count: length)) == true ? 0 : -1
                })
            return unsafe text.withUnsafeReadableBytes { bytes -> Int32 in
                guard let start = unsafe bytes.bindMemory(to: UInt8.self).baseAddress else { return 0 }
                return unsafe hub_xml_parse(start, bytes.count, &handler, &failure)
            }
        }
        guard status != 0 else { return nil }
        if let refusal = builder.failure { return refusal }
        guard let message = unsafe failure.message else { return SourceError(message: "malformed XML") }
        let position = unsafe failure.names == 0 ? builder.lines.position(at: failure.offset) : builder.nextPosition
        return SourceError(message: unsafe String(cString: message), position: position)
    }

    private static func builder(_ context: UnsafeMutableRawPointer?) -> XMLBuilder? {
        unsafe context.map { unsafe Unmanaged<XMLBuilder>.fromOpaque($0).takeUnretainedValue() }
    }
}
