import HubCore
import NIOCore
import Testing

@Suite("What becomes of answers")
struct AnswerPlanTests {
    private func plan(_ change: (inout AnswerSettings) -> Void = { _ in }, arguments: [String] = []) -> AnswerPlan {
        var settings = AnswerSettings()
        change(&settings)
        let pages = PageArguments(
            arguments.map { (name: $0, wireName: $0) }, inputSchema: ByteBuffer(string: #"{"properties":{}}"#))
        return AnswerPlan(settings, takesFields: true, arguments: pages)
    }

    private func answer(_ body: String, type: String? = "application/json", status: Int = 200) -> CallResponse {
        CallResponse(status: status, contentType: type, body: ByteBuffer(string: body))
    }

    private func request(_ plan: AnswerPlan, _ arguments: String = "{}") throws -> AnswerPlan.Request {
        try plan.request(JSONDocument(parsing: arguments, limits: .message).root)
    }

    private func body(_ response: CallResponse) -> String {
        if case .complete(let bytes) = response.body { String(buffer: bytes) } else { "" }
    }

    private let long = "{\"data\":[" + (0..<3000).map { #"{"id":\#($0),"name":"a name for it"}"# }.joined(separator: ",") + "]}"

    @Test("an answer that fits is passed on unparsed, and so is a failure, whatever is kept")
    func passesOn() throws {
        let plain = plan()
        let same = try plain.shape(answer(" { \"a\" : 1 } "), for: request(plain))
        #expect(body(same) == " { \"a\" : 1 } " && same.document == nil && same.notes == [])
        let keeps = plan { $0.keep = ["/a"] }
        #expect(try body(keeps.shape(answer(#"{"message":"no"}"#, status: 404), for: request(keeps))) == #"{"message":"no"}"#)
    }

    @Test("the parts that are kept are all that a caller gets, also where none of them is there")
    func keeps() throws {
        let plan = plan { $0.keep = ["/data/*/id"] }
        #expect(try body(plan.shape(answer(#"{"data":[{"id":1,"secret":2}]}"#), for: request(plan))) == #"{"data":[{"id":1}]}"#)
        let none = try plan.shape(answer(#"{"secret":1}"#), for: request(plan))
        #expect(body(none) == "{}" && none.notes.count == 1)
    }

    @Test("what is no JSON has no parts that are kept, and JSON by another name has", arguments: ["text/plain", "text/html", nil])
    func keepsOfText(type: String?) throws {
        let plan = plan { $0.keep = ["/a"] }
        let named = try plan.shape(answer(#"{"a":1,"secret":2}"#, type: type), for: request(plan))
        #expect(body(named) == #"{"a":1}"# && named.contentType == "application/json")
        let text = try plan.shape(answer("secret", type: type), for: request(plan))
        #expect(body(text).isEmpty && text.notes.count == 1)
        #expect(try body(plan.shape(answer("{\"a\":1,", type: "application/json"), for: request(plan))).isEmpty)
        #expect(try body(plan.shape(answer("secret", type: "image/png"), for: request(plan))).isEmpty)
    }

    @Test("a caller chooses among what is kept")
    func choosing() throws {
        let plan = plan { $0.keep = ["/data/*/id", "/data/*/name"] }
        let request = try request(plan, #"{"q":"x","_fields":["data.id","data.secret"]}"#)
        #expect(String(buffer: request.arguments?.rawBytes ?? ByteBuffer()) == #"{"q":"x"}"#)
        #expect(body(plan.shape(answer(#"{"data":[{"id":1,"name":2,"secret":3}]}"#), for: request)) == #"{"data":[{"id":1}]}"#)
    }

    @Test("a caller who chooses what is not there is told what is")
    func nothingChosen() throws {
        let plan = plan()
        let shaped = try plan.shape(answer(#"[{"id":1,"name":2}]"#), for: request(plan, #"{"_fields":["nmae"]}"#))
        #expect(shaped.notes == [#"Nothing of _fields is in this answer; it has "id", "name"."#])
    }

    @Test("a tool with an argument of that name keeps it")
    func clash() throws {
        let plan = AnswerPlan(AnswerSettings(), takesFields: false)
        let arguments = try JSONDocument(parsing: #"{"_fields":"x"}"#, limits: .message).root
        #expect(try plan.request(arguments).arguments?["_fields"]?.string == "x")
    }

    @Test(
        "a list that is cut says how much is shown, and the way to the rest",
        arguments: [
            (["offset", "limit"], #"{"offset":40}"#, "pass offset="), (["page", "per_page"], "{}", "pass per_page="),
            (["page"], #"{"page":4}"#, "the next page: pass page=5"), (["limit"], "{}", "pass limit="),
            ([], "{}", #"pass _fields=["data.id", "data.name"]"#),
        ] as [([String], String, String)])
    func waysToTheRest(arguments: [String], given: String, way: String) throws {
        let plan = plan(arguments: arguments)
        let shaped = try plan.shape(answer(long), for: request(plan, given))
        let shown = try #require(JSONDocument(parsing: body(shaped), limits: .payload).root["data"]?.count)
        let note = try #require(shaped.notes.first)
        #expect(note.hasPrefix("Showing ") && note.contains(" of 3,000 items of \"data\", to keep the answer under 64 KiB."), "\(note)")
        #expect(note.contains(way), "\(note)")
        #expect(body(shaped).utf8.count <= 64 << 10 && shown > 1000)
        if arguments.contains("offset") { #expect(note.contains("offset=\(40 + shown)")) }
    }

    @Test("a bound on elements is kept below the bound on bytes")
    func items() throws {
        let plan = plan { $0.maximumItems = 2 }
        let shaped = try plan.shape(answer("[1,2,3]"), for: request(plan))
        #expect(body(shaped) == "[1,2]" && shaped.notes.first?.hasPrefix("Showing 2 of 3 items.") == true)
    }

    @Test("a large answer that cannot be cut is passed on whole and parsed once")
    func uncut() throws {
        let plan = plan()
        let text = #"{"filler":"\#(String(repeating: "x", count: 100_000))"}"#
        let shaped = try plan.shape(answer(text), for: request(plan))
        #expect(body(shaped) == text && shaped.document != nil && shaped.notes == [])
    }

    @Test("long text is cut behind a line, and says so; a large file is left out")
    func files() throws {
        let plan = plan {
            $0.maximumBytes = 1000
            $0.maximumFileBytes = 2000
        }
        let text = try plan.shape(answer(String(repeating: "line\n", count: 900), type: "text/plain"), for: request(plan))
        #expect(body(text) == String(repeating: "line\n", count: 200))
        #expect(text.notes == ["Showing the first 1,000 of 4,500 bytes."])
        let file = String(repeating: "x", count: 2000)
        #expect(try body(plan.shape(answer(file, type: "image/png"), for: request(plan))) == file)
        let large = try plan.shape(answer(file + "x", type: "image/png"), for: request(plan))
        #expect(body(large).isEmpty && large.notes == ["The answer is image/png of 2,001 bytes, more than 2,000 bytes, and was left out."])
        let broken = try plan.shape(answer("{" + String(repeating: "x", count: 4000)), for: request(plan))
        #expect(body(broken).utf8.count == 1000)
    }

    @Test("what is written nearer counts more")
    func precedence() {
        var (tool, server) = (AnswerSettings(), AnswerSettings())
        tool.maximumItems = 5
        server.maximumItems = 9
        server.maximumBytes = 100
        server.pages = PageSettings(most: 3)
        let both = tool.over(server)
        #expect(both.maximumItems == 5 && both.maximumBytes == 100 && both.pages?.most == 3)
    }
}
