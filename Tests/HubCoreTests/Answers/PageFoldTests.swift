import HTTPTypes
import NIOCore
import Testing

@testable import HubCore

@Suite("Pages put together")
struct PageFoldTests {
    private static let schema = ByteBuffer(
        string: """
            {"type":"object","properties":{"page":{"type":"integer"},"per_page":{"type":"integer"},"cursor":{"type":"string"},
            "offset":{"type":"integer"},"limit":{"type":"integer"},"starting_after":{"type":"string"},"index":{"type":"integer","minimum":0}}}
            """)

    private func arguments(_ names: String...) -> PageArguments {
        PageArguments(names.map { (name: $0, wireName: $0) }, inputSchema: Self.schema)
    }

    private func parse(_ text: String) throws -> JSONDocument { try JSONDocument(parsing: text, limits: .payload) }

    private func fold(
        _ first: String, arguments: PageArguments, given: String = "{}", fields: HTTPFields = [:],
        settings: PageSettings = PageSettings(most: 10),
        bounds: AnswerBounds = AnswerBounds()
    ) throws -> PageFold {
        let plan = try #require(PagePlan(settings, arguments: arguments, followsLinks: true))
        return try #require(
            PageFold(
                plan, bounds: bounds, arguments: try parse(given).root, first: try parse(first), fields: fields, project: { ($0, nil) }))
    }

    private func text(_ request: PageFold.Request?) -> String? {
        switch request {
        case .link(let link): link
        case .arguments(let value): String(buffer: value.compactBytes)
        case nil: nil
        }
    }

    private let link = HTTPField.Name("link")

    // MARK: The next page

    @Test(
        "the next page is asked for as the answer says",
        arguments: [
            (#"{"data":[1],"next_cursor":"abc"}"#, #"{"cursor":"abc"}"#),
            (#"{"data":[1],"response_metadata":{"next_cursor":"abc"}}"#, #"{"cursor":"abc"}"#),
            (#"{"data":[1],"paging":{"next":{"after":"abc"}}}"#, #"{"cursor":"abc"}"#),
            (#"{"data":[1],"pageInfo":{"hasNextPage":true,"endCursor":"abc"}}"#, #"{"cursor":"abc"}"#),
            (#"{"data":[1],"pageInfo":{"hasNextPage":false,"endCursor":"abc"}}"#, nil),
            (#"{"data":[1],"next_cursor":null}"#, nil),
            (#"{"data":[1],"next_cursor":""}"#, nil),
            (#"{"data":[1]}"#, nil),
            (#"{"data":[{"next_cursor":"not this"}]}"#, nil),
            (#"{"data":[1],"next":"https://h.test/x?page=2"}"#, "https://h.test/x?page=2"),
            (#"{"data":[1],"links":{"next":"/x?page=2"}}"#, "/x?page=2"),
            (#"{"_embedded":{"x":[1]},"_links":{"next":{"href":"/x?page=2"}}}"#, "/x?page=2"),
            (#"{"link":[{"relation":"self","url":"/x"},{"relation":"next","url":"/x?p=2"}],"entry":[1]}"#, "/x?p=2"),
            (#"{"value":[1],"@odata.nextLink":"https://h.test/x?$skiptoken=2"}"#, "https://h.test/x?$skiptoken=2"),
        ] as [(String, String?)])
    func bodySigns(first: String, next: String?) throws {
        #expect(text(try fold(first, arguments: arguments("cursor")).next) == next)
    }

    @Test(
        "a Link header names the next page",
        arguments: [
            (#"<https://h.test/x?page=2>; rel="next", <https://h.test/x?page=9>; rel="last""#, "https://h.test/x?page=2"),
            (#"</x?a=1,2>; title="a, rel=\"next\""; rel=prev, </y>;rel=next"#, "/y"),
            (#"</x>; rel="first next""#, "/x"),
            (#"</x>; rel="nextish""#, nil),
            ("", nil), ("<", nil), ("<>;rel=", nil), (#"<x>; rel="next"#, "x"),
        ] as [(String, String?)])
    func linkHeader(header: String, next: String?) throws {
        #expect(LinkHeader.next(header) == next)
    }

    @Test("offsets and pages are counted from what the caller gave")
    func numbers() throws {
        #expect(text(try fold("[1,2]", arguments: arguments("offset", "limit"), given: #"{"limit":2}"#).next) == #"{"limit":2,"offset":2}"#)
        #expect(text(try fold("[1,2]", arguments: arguments("offset"), given: #"{"offset":"8"}"#).next) == #"{"offset":10}"#)
        #expect(text(try fold("[1,2]", arguments: arguments("page"), given: #"{"page":3}"#).next) == #"{"page":4}"#)
        #expect(text(try fold(#"{"page":0,"content":[1,2]}"#, arguments: arguments("page")).next) == #"{"page":1}"#)
        let zero = PageArguments([(name: "index", wireName: "pageIndex")], inputSchema: Self.schema)
        #expect(text(try fold("[1]", arguments: zero).next) == #"{"index":1}"#)
        #expect(try fold(#"{"total":2,"items":[1,2]}"#, arguments: arguments("offset")).next == nil)
        #expect(try fold(#"{"total_pages":1,"items":[1,2]}"#, arguments: arguments("page")).next == nil)
        #expect(try fold(#"{"has_more":false,"items":[1,2]}"#, arguments: arguments("page")).next == nil)
    }

    @Test("numbers at the end of their range are no trap", arguments: [Int.max, Int.min, Int.max - 1])
    func ends(number: Int) throws {
        for name in ["offset", "page"] {
            var pages = try fold(
                #"{"total":\#(number),"total_pages":\#(number),"items":[1]}"#, arguments: arguments(name), given: "{\"\(name)\":\(number)}")
            pages.take(try parse(#"{"items":[2]}"#), fields: [:])
            #expect(pages.result.bytes.readableBytes > 0)
        }
    }

    @Test("the id of the last element is a cursor where the argument says so")
    func lastID() throws {
        let first = #"{"has_more":true,"data":[{"id":"a"},{"id":"b"}]}"#
        #expect(text(try fold(first, arguments: arguments("starting_after")).next) == #"{"starting_after":"b"}"#)
    }

    @Test("what the operator wrote is the only way")
    func explicit() throws {
        var settings = PageSettings(most: 5)
        settings.items = "/deep/rows"
        settings.way = .cursor(from: "/deep/token", argument: "t")
        let first = #"{"next":"/x","deep":{"rows":[1],"token":7,"others":[1,2,3]}}"#
        #expect(text(try fold(first, arguments: arguments("page"), given: #"{"q":1}"#, settings: settings).next) == #"{"q":1,"t":7}"#)
        #expect(PagePlan(PageSettings(most: 5), arguments: PageArguments(), followsLinks: false) == nil)
        #expect(PagePlan(PageSettings(most: 1), arguments: arguments("page"), followsLinks: true) == nil)
    }

    // MARK: Taking pages

    @Test("the elements of all pages stand in the last page")
    func folds() throws {
        var pages = try fold(#"{"data": [ {"id": 1} ], "next_cursor": "a"}"#, arguments: arguments("cursor"))
        pages.take(try parse(#"{"data": [{"id": 2}, 3], "next_cursor": "b"}"#), fields: [:])
        #expect(text(pages.next) == #"{"cursor":"b"}"#)
        pages.take(try parse(#"{"data": [4], "next_cursor": null}"#), fields: [:])
        #expect(!pages.wantsMore && pages.pageCount == 3)
        #expect(String(buffer: pages.result.bytes) == #"{"data": [{"id":1},{"id":2},3,4], "next_cursor": null}"#)
        #expect(pages.result.notes == [])
    }

    @Test("pages that are counted end with a shorter one, an empty one or the same again", arguments: ["[4]", "[]", "[1,2]"])
    func ends(second: String) throws {
        var pages = try fold("[1,2]", arguments: arguments("page"))
        pages.take(try parse(second), fields: [:])
        #expect(!pages.wantsMore)
        #expect(String(buffer: pages.result.bytes) == (second == "[4]" ? "[1,2,4]" : "[1,2]"))
        #expect(pages.result.notes == [])
    }

    @Test("the way of the first page is kept to")
    func keepsToTheWay() throws {
        let link = try #require(link)
        var pages = try fold("[1,2]", arguments: arguments("page"), fields: [link: "</x?page=2>; rel=next"])
        #expect(text(pages.next) == "/x?page=2")
        pages.take(try parse("[3,4]"), fields: [:])
        #expect(pages.next == nil)
    }

    @Test("a page that fails costs itself, and the note says how to go on")
    func failure() throws {
        var pages = try fold(#"{"data":[1],"next_cursor":"a b"}"#, arguments: arguments("cursor"))
        pages.fail("failed with HTTP 503")
        #expect(!pages.wantsMore)
        #expect(String(buffer: pages.result.bytes) == #"{"data":[1],"next_cursor":"a b"}"#)
        let note = try #require(pages.result.notes.first)
        #expect(note.contains("HTTP 503") && note.contains("cursor=\"a b\""))
    }

    @Test("no page is taken beyond the bounds, and none is taken in part")
    func bounds() throws {
        var bounds = AnswerBounds()
        bounds.bytes = 39
        var pages = try fold(#"{"data":[1111111,2222222],"next_cursor":"a"}"#, arguments: arguments("cursor"), bounds: bounds)
        #expect(pages.wantsMore)
        pages.take(try parse(#"{"data":[1111111,2222222,3333333],"next_cursor":"b"}"#), fields: [:])
        #expect(!pages.wantsMore && pages.pageCount == 1)
        #expect(pages.result.notes.first?.contains("cursor=\"a\"") == true)
        var few = AnswerBounds()
        few.items = 3
        var counted = try fold("[1,2]", arguments: arguments("page"), bounds: few)
        counted.take(try parse("[3,4]"), fields: [:])
        #expect(!counted.wantsMore)
        #expect(counted.result.notes.first?.contains("page=2") == true)
    }

    @Test("no more pages than the operator allows")
    func most() throws {
        var pages = try fold("[0]", arguments: arguments("page"), settings: PageSettings(most: 3))
        for number in 1..<3 { pages.take(try parse("[\(number)]"), fields: [:]) }
        #expect(!pages.wantsMore && pages.pageCount == 3)
        #expect(pages.result.notes == ["Showing the 3 items of 3 pages; there are more. To go on, pass page=4."])
    }

    @Test("a page of another shape ends it")
    func otherShape() throws {
        var pages = try fold(#"{"data":[1],"next_cursor":"a"}"#, arguments: arguments("cursor"))
        pages.take(try parse(#"{"error":"none"}"#), fields: [:])
        #expect(!pages.wantsMore && pages.result.notes.count == 1)
    }

    @Test("arguments about pages are known by their names, and by their types where the name alone does not say it")
    func argumentNames() {
        let found = PageArguments(
            [(name: "page_number", wireName: "page[number]"), (name: "limit", wireName: "limit"), (name: "start", wireName: "start")],
            inputSchema: ByteBuffer(
                string: ##"{"properties":{"page_number":{"type":"integer"},"limit":{"$ref":"#/$defs/l"},"start":{"type":"string"}}}"##))
        #expect(found.page == "page_number" && found.limit == "limit" && found.offset == nil)
        #expect(found.argument(onWire: "page[number]") == "page_number")
        #expect(
            PageArguments(
                [(name: "page", wireName: "page")], inputSchema: ByteBuffer(string: #"{"properties":{"page":{"type":"object"}}}"#)
            ).page == nil)
    }
}
