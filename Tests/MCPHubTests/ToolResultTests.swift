import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("Tool results")
struct ToolResultTests {
    private func result(
        _ status: Int, _ type: String?, _ body: ByteBuffer, revision: ProtocolRevision = .v2026_07_28
    ) throws -> JSONValue {
        var json = JSONWriter()
        json.beginObject()
        ToolResult(revision: revision, resourceURI: "hubd://s/answers/1").write(
            CallResponse(status: status, contentType: type, body: body), body: body, to: &json)
        json.endObject()
        return try JSONDocument(parsing: json.buffer, limits: .message).root
    }

    private func block(_ result: JSONValue) throws -> JSONValue { try #require(result["content"]?.elements.first { _ in true }) }

    // requirement: MCP-TOOL-11, MCP-TOOL-12, MCP-TOOL-13
    @Test("JSON is text and structured, arrays only where the revision takes them")
    func json() throws {
        let array = ByteBuffer(string: " [1, 2]\n")
        #expect(try block(result(200, "application/json", array))["text"]?.string == " [1, 2]\n")
        #expect(try result(200, "application/problem+json", array)["structuredContent"]?.count == 2)
        #expect(try result(200, "application/json", array, revision: .v2025_11_25)["structuredContent"] == nil)
        #expect(try result(200, nil, ByteBuffer(string: "{}"), revision: .v2025_06_18)["structuredContent"] != nil)
    }

    @Test("JSON that is none is text")
    func brokenJSON() throws {
        let result = try result(200, "application/json", ByteBuffer(string: "{oops"))
        #expect(try block(result)["text"]?.string == "{oops")
        #expect(result["structuredContent"] == nil)
    }

    // requirement: MCP-TOOL-08, MCP-TOOL-09
    @Test("images and audio are blocks of their kind, other bytes a resource")
    func binary() throws {
        let bytes = ByteBuffer(bytes: [0xFF, 0x00, 0x80])
        #expect(try block(result(200, "image/PNG", bytes))["mimeType"]?.string == "image/png")
        #expect(try block(result(200, "image/png", bytes))["data"]?.string == "/wCA")
        #expect(try block(result(200, "audio/wav", bytes))["type"]?.string == "audio")
        #expect(try block(result(200, "audio/wav", bytes, revision: .v2024_11_05))["type"]?.string == "resource")
        #expect(try block(result(200, "application/zip", bytes))[path: "resource", "blob"]?.string == "/wCA")
        #expect(try block(result(200, nil, bytes))["type"]?.string == "resource")
    }

    @Test("text is read in its character set")
    func charsets() throws {
        #expect(try block(result(200, "text/plain; charset=ISO-8859-1", ByteBuffer(bytes: [0xE9])))["text"]?.string == "é")
        #expect(try block(result(200, "text/plain", ByteBuffer(bytes: [0x61, 0xFF])))["text"]?.string == "a\u{FFFD}")
        #expect(try block(result(200, "text/plain; charset=utf-16", ByteBuffer(bytes: [0xFF, 0xFE, 0x61, 0x00])))["text"]?.string == "a")
    }

    @Test("an empty answer says that it is one")
    func empty() throws {
        let result = try result(204, nil, ByteBuffer())
        #expect(try block(result)["text"]?.string?.contains("204") == true)
        #expect(result["isError"]?.bool == false)
    }

    // requirement: MCP-TOOL-16
    @Test("failures carry the status and a short body; pages are reduced to text")
    func failures() throws {
        let html = "<html><style>b{}</style><script>alert(1)</script><h1>Not <b>here</b></h1></html>"
        let page = try result(404, "text/html", ByteBuffer(string: html))
        #expect(page["isError"]?.bool == true)
        #expect(try block(page)["text"]?.string == "HTTP 404\nNot here")
        let long = try result(500, "text/plain", ByteBuffer(string: String(repeating: "é", count: 9000)))
        #expect(try (block(long)["text"]?.string?.utf8.count ?? 0) < ToolResult.maximumErrorBytes + 64)
        #expect(try result(302, "text/html", ByteBuffer(string: "moved"))["isError"]?.bool == true)
    }

    @Test("what has to be said about an answer stands behind it, and the JSON before stays what is structured")
    func notes() throws {
        var response = CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: "[1]"))
        response.notes = ["Showing 1 of 2 items."]
        var json = JSONWriter()
        json.beginObject()
        ToolResult(revision: .v2026_07_28, resourceURI: "hubd://s/answers/1").write(response, body: ByteBuffer(string: "[1]"), to: &json)
        json.endObject()
        let result = try JSONDocument(parsing: json.buffer, limits: .message).root
        #expect(result["content"]?.elements.map { $0["text"]?.string } == ["[1]", "Showing 1 of 2 items."])
        #expect(String(buffer: result["structuredContent"]?.rawBytes ?? ByteBuffer()) == "[1]")
    }

    @Test("a failure's page is read past its head, and references to characters are resolved")
    func pages() throws {
        let head = "<head><script>\(String(repeating: "x", count: 9000))</SCRIPT><!-- no > comment --></head>"
        let page = try result(502, "text/html", ByteBuffer(string: head + "<p>Tom &amp; J&#233;r&#xf4;me &nbsp;&bogus; &amp"))
        #expect(try block(page)["text"]?.string == "HTTP 502\nTom & Jérôme &bogus; &amp")
    }

    @Test("a failure's text ends behind a whole character")
    func wholeCharacters() throws {
        for shift in 0..<4 {
            let text = String(repeating: "a", count: shift) + String(repeating: "😀", count: 3000)
            #expect(try block(result(500, "text/plain", ByteBuffer(string: text)))["text"]?.string?.contains("\u{FFFD}") == false)
        }
    }

    @Test("a script ends at its end tag, in whatever case", arguments: ["</script>", "</SCRIPT>", "</Script >"])
    func endTags(tag: String) {
        #expect(HTMLText.reduce("a<script>x < y</b>\(tag)b") == "a b")
    }

    @Test(
        "markup that never closes is reduced in bounded time",
        arguments: ["<", "<<<<", "<script>", "a<script", "<style><", "</script><script>x</script", "<!--", "&", "&#", "&#x110000;", "&#0;"])
    func brokenMarkup(html: String) {
        #expect(HTMLText.reduce(html).count <= 600)
    }
}
