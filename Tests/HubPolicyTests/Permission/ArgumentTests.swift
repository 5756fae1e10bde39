import HubCore
import NIOCore
import Testing

@testable import HubPolicy

@Suite("What arguments must be") struct ArgumentTests {
    private func fits(_ path: String, _ test: ArgumentTest, _ arguments: String, _ effect: AccessRule.Effect = .allow) throws -> Bool {
        let condition = ArgumentCondition(path: try #require(ArgumentPath(path)), test: test)
        return condition.fits(try JSONDocument(parsing: arguments, limits: .message).root, effect)
    }

    private static let isX = ArgumentTest.oneOf([.text("x")])

    @Test(
        "a path is a pointer or names with dots",
        arguments: [
            ("a", #"{"a":"x"}"#, true), ("a.b", #"{"a":{"b":"x"}}"#, true), ("/a/b", #"{"a":{"b":"x"}}"#, true),
            ("/a.b", #"{"a.b":"x"}"#, true), ("a.b", #"{"a.b":"x"}"#, false), ("/a~1b/c~0d", #"{"a/b":{"c~d":"x"}}"#, true),
            ("/", #"{"":"x"}"#, true), ("a.0", #"{"a":["x","y"]}"#, true), ("/a/1", #"{"a":["x","y"]}"#, false),
            ("a.2", #"{"a":["x"]}"#, false),
            ("a.00", #"{"a":["x"]}"#, false), ("a.0", #"{"a":{"0":"x"}}"#, true), ("a.b", #"{"a":[{"b":"x"},{"b":"x"}]}"#, true),
            ("a.b", #"{"a":[{"b":"x"},{}]}"#, false), ("a.b", #"{"a":[{"b":"x"},{"b":"y"}]}"#, false), ("a", #"{"a":[["x"],["x"]]}"#, true),
            ("a", #"{"a":[["x"],[]]}"#, false), ("a", #"{"\u0061":"\u0078"}"#, true), ("a", #"["x"]"#, false),
            ("\u{E9}", #"{"e\#u{301}":"x"}"#, false),
        ])
    func paths(path: String, arguments: String, isX: Bool) throws {
        #expect(try fits(path, Self.isX, arguments) == isX)
    }

    @Test(
        "what is no path is none",
        arguments: [
            "", ".", "a.", ".a", "a..b", "/a~2", "/~", String(repeating: "a", count: 257), String(repeating: "a.", count: 16) + "a",
        ])
    func noPaths(text: String) {
        #expect(ArgumentPath(text) == nil)
    }

    @Test(
        "a rule that denies fits where it is not known that it does not",
        arguments: [
            ("a", #"{"a":"x"}"#, true), ("a", #"{"a":"y"}"#, false), ("a", #"{"a":5}"#, true), ("a", #"{"a":{"b":"y"}}"#, true),
            ("a", #"{"a":["y","x"]}"#, true), ("a", #"{"a":["y",5]}"#, true), ("a", #"{"a":["y",[]]}"#, false),
            ("a", #"{"a":null}"#, false),
            ("a", "{}", false), ("a.b", #"{"a":"{\"b\":\"x\"}"}"#, true), ("a.b", #"{"a":[{"b":"y"},{"b":"x"}]}"#, true),
            ("a.b", #"{"a":[{"b":"y"},{}]}"#, false), ("a.b", #"{"a":null}"#, false),
        ])
    func denying(path: String, arguments: String, isX: Bool) throws {
        #expect(try fits(path, Self.isX, arguments, .deny) == isX)
    }

    @Test(
        "values are compared by kind and value",
        arguments: [
            ("1", true, true), ("1.0", true, true), ("10e-1", true, true), ("2", false, true), (#""1""#, false, true),
            (#""é""#, true, true),
            (#""e\u0301""#, false, true), ("true", true, true), ("false", false, true), (#""y""#, false, true),
            ("1e99999999999", false, true),
        ])
    func values(json: String, isEqual: Bool, maybe: Bool) throws {
        let test = ArgumentTest.oneOf([.number(try #require(DecimalNumber("1"))), .text("é"), .bool(true)])
        #expect(try fits("a", test, #"{"a":\#(json)}"#) == isEqual)
        #expect(try fits("a", test, #"{"a":\#(json)}"#, .deny) == maybe)
    }

    @Test(
        "a number lies between others, ends included",
        arguments: [
            ("-1", true), ("-1.0000000000000000000001", false), ("99.99", true), ("99.991", false), ("0", true), ("1e2", false),
            ("9e-400", true),
        ])
    func ranges(json: String, isInside: Bool) throws {
        let test = ArgumentTest.between(DecimalNumber("-1"), DecimalNumber("99.99"))
        #expect(try fits("a", test, #"{"a":\#(json)}"#) == isInside && fits("a", test, #"{"a":\#(json)}"#, .deny) == isInside)
        #expect(try fits("a", .between(nil, nil), #"{"a":\#(json)}"#))
    }

    @Test(
        "a path leads into a folder only where everybody would read it so",
        arguments: [
            ("/srv/reports", Judgement.yes), ("/srv/reports/", .yes), ("/srv/reports/a b/ü.csv", .yes), ("/srv/reports2", .no),
            ("/srv", .no),
            ("/", .no), ("/etc/passwd", .no), ("/srv/reports/..", .unknown), ("/srv/reports/../x", .unknown), ("/srv/./reports", .unknown),
            ("/srv//reports/a", .unknown), ("//srv/reports/a", .unknown), ("//", .unknown), ("/srv/reports//", .unknown),
            ("/srv/reports/%2e%2e/x", .unknown), ("/srv/reports/a%20b", .unknown), (#"/srv/reports\..\x"#, .unknown),
            ("/srv/reports/..;/x", .unknown), ("/srv/reports/;x", .unknown), ("/srv/reports/a;v=1", .yes), ("/srv/reports/\u{0}", .unknown),
            ("/srv/reports/\n", .unknown), ("/srv/reports/...", .yes), ("srv/reports/a", .unknown), ("", .unknown), ("/SRV/reports", .no),
            ("/srv/reports/.hidden", .yes), ("file:///srv/reports/a", .unknown),
        ] as [(String, Judgement)])
    func folders(path: String, judgement: Judgement) throws {
        var json = JSONWriter()
        json.string(path)
        let value = try JSONDocument(parsing: json.buffer, limits: .message).root
        for folder in ["/srv/reports", "/srv/reports/"] {
            #expect(ArgumentTest.under(try #require(PlainPath(folder))).judge(value) == judgement)
        }
    }

    @Test("everything absolute lies under the root, and what is relative under a relative folder")
    func roots() throws {
        #expect(try fits("a", .under(try #require(PlainPath("/"))), #"{"a":"/x"}"#))
        #expect(try fits("a", .under(try #require(PlainPath("x"))), #"{"a":"x/y"}"#))
        #expect(try !fits("a", .under(try #require(PlainPath("x"))), #"{"a":"xy"}"#))
        #expect(PlainPath("../x") == nil && PlainPath("") == nil && PlainPath("x/..") == nil)
    }

    @Test("deep and long arguments are judged in one walk")
    func hostile() throws {
        let deep = #"{"a":"# + String(repeating: "[", count: 120) + #""x""# + String(repeating: "]", count: 120) + "}"
        #expect(try fits("a", Self.isX, deep))
        let wide = #"{"a":["# + String(repeating: #"{"b":"x"},"#, count: 100_000) + #"{"b":"y"}]}"#
        #expect(try !fits("a.b", Self.isX, wide) && fits("a.b", Self.isX, wide, .deny))
        #expect(try fits("a.99999", .oneOf([.bool(true)]), wide, .deny) && !fits("a.999999999", .oneOf([.bool(true)]), wide, .deny))
        let long = #"{"a":""# + String(repeating: "a", count: 1 << 20) + #""}"#
        #expect(
            try !fits("a", .matches(NamePattern(String(repeating: "*", count: 1000) + String(repeating: "a*", count: 100) + "b")), long))
        let digits = #"{"a":"# + String(repeating: "9", count: 1 << 20) + "}"
        #expect(try !fits("a", .between(nil, DecimalNumber("1000")), digits))
    }
}
