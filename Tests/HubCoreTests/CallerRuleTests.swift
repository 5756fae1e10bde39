import HTTPTypes
import Testing

@testable import HubCore

@Suite("Callers' addresses")
struct CallerRuleTests {
    private static func ranges(_ texts: String...) -> [AddressRange] { texts.compactMap { AddressRange($0) } }

    // The numbers are those of the rules above `CallerRule`.
    @Test(
        "the caller is whom the last trusted proxy names, and nobody the caller made up",
        arguments: [
            ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),  // 1
            ("203.0.113.9", [], "203.0.113.9"),  // 1
            ("10.0.0.1", [], "10.0.0.1"),
            ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),  // 2
            ("10.0.0.1", ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),  // 2
            ("10.0.0.1", ["1.1.1.1", "198.51.100.7,10.9.9.9"], "198.51.100.7"),  // 2
            ("10.0.0.1", ["nonsense, 198.51.100.7"], "198.51.100.7"),  // 2
            ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"), ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", ["2001:DB8::7"], "2001:db8::7"), ("::ffff:10.0.0.1", ["::ffff:198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),  // 3
            ("10.0.0.1", ["198.51.100.7, nonsense"], "10.0.0.1"), ("10.0.0.1", ["198.51.100.7, "], "10.0.0.1"),  // 4
            ("10.0.0.1", ["unknown"], "10.0.0.1"), ("10.0.0.1", ["198.51.100.07"], "10.0.0.1"), ("10.0.0.1", [""], "10.0.0.1"),  // 4
            ("", ["198.51.100.7"], ""),
        ])
    func caller(peer: String, forwardedFor: [String], expected: String) {
        let rule = CallerRule(trustedProxies: Self.ranges("10.0.0.0/8"))
        #expect(rule.caller(peer: peer, forwardedFor: forwardedFor) == expected)
    }

    @Test("nobody is believed where no proxy is trusted, nor past 32 hops")
    func unbelieved() {
        #expect(CallerRule().caller(peer: "10.0.0.1", forwardedFor: ["198.51.100.7"]) == "10.0.0.1")
        let rule = CallerRule(trustedProxies: Self.ranges("10.0.0.0/8"))
        let proxies = Array(repeating: "10.0.0.2", count: 32).joined(separator: ",")
        #expect(rule.caller(peer: "10.0.0.1", forwardedFor: [proxies]) == "10.0.0.2")
        #expect(rule.caller(peer: "10.0.0.1", forwardedFor: ["198.51.100.7," + proxies]) == "10.0.0.1")
    }

    @Test(
        "deny wins over allow, and an IPv4 address in IPv6 clothes is the same address",
        arguments: [
            ("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("::ffff:a01:203", true), ("10.9.0.1", false), ("::ffff:10.9.0.1", false),
            ("11.0.0.1", false), ("2001:db8::1", true), ("2001:db8:9::1", false), ("", false), ("nonsense", false),
        ])
    func admits(address: String, isLetIn: Bool) {
        let rule = CallerRule(allow: Self.ranges("10.0.0.0/8", "2001:db8::/32"), deny: Self.ranges("10.9.0.0/16", "2001:db8:9::/48"))
        #expect(rule.admits(address) == isLetIn)
        #expect(rule.admitsConnection(from: address) == isLetIn)
    }

    @Test("without rules everybody may call; with deny alone, all others")
    func open() {
        #expect(CallerRule().admits("10.0.0.1"))
        #expect(CallerRule().admits(""))
        let denying = CallerRule(deny: Self.ranges("10.0.0.0/8"))
        #expect(!denying.admits("10.0.0.1"))
        #expect(denying.admits("11.0.0.1"))
    }

    @Test("behind proxies the connection says nothing of the caller")
    func connections() {
        let rule = CallerRule(trustedProxies: Self.ranges("10.0.0.0/8"), allow: Self.ranges("198.51.100.0/24"))
        #expect(rule.admitsConnection(from: "10.0.0.1"))
        #expect(!rule.admits("10.0.0.1"))
    }

    @Test("mapped addresses are found in blocks of either spelling")
    func mapped() throws {
        let address = try #require(IPAddress("::ffff:10.0.0.1"))
        #expect(address.unmapped.description == "10.0.0.1")
        #expect(AddressRanges(Self.ranges("10.0.0.0/8")).contains(address))
        #expect(AddressRanges(Self.ranges("::ffff:0:0/96")).contains(address))
        #expect(!AddressRanges(Self.ranges("::/96")).contains(address))
    }
}

@Suite("Web pages that may call")
struct CORSRuleTests {
    private let rule = CORSRule(origins: ["https://app.example.com", "http://localhost:3000", "https://a.test/path"])

    @Test(
        "an origin is the scheme, the host and the port, all of them",
        arguments: [
            ("https://app.example.com", "https://app.example.com"), ("https://APP.example.com:443", "https://app.example.com"),
            ("http://localhost:3000", "http://localhost:3000"), ("http://app.example.com", nil), ("https://app.example.com:8443", nil),
            ("https://app.example.com.evil", nil), ("https://evil-app.example.com", nil), ("null", nil), ("", nil), ("*", nil),
            ("https://a.test", nil),
        ] as [(String, String?)])
    func origins(origin: String, allowed: String?) {
        #expect(rule.allowedOrigin(origin) == allowed)
    }

    @Test("a preflight is answered with what the page asked for, never with a star")
    func preflight() {
        var head = HTTPRequest(method: .options, scheme: nil, authority: nil, path: "/")
        head.headerFields[.origin] = "https://app.example.com"
        #expect(!CORSRule.isPreflight(head))
        head.headerFields[.accessControlRequestMethod] = "POST"
        head.headerFields[.accessControlRequestHeaders] = "authorization, mcp-protocol-version"
        #expect(CORSRule.isPreflight(head))
        let answer = CORSRule.preflightAnswer(to: head, origin: "https://app.example.com")
        #expect(answer.status == .noContent)
        #expect(answer.headerFields[.accessControlAllowOrigin] == "https://app.example.com")
        #expect(answer.headerFields[.accessControlAllowHeaders] == "authorization, mcp-protocol-version")
        #expect(answer.headerFields[.accessControlAllowCredentials] == nil)
        head.headerFields[.accessControlRequestHeaders] = "a b"
        #expect(CORSRule.preflightAnswer(to: head, origin: "o").headerFields[.accessControlAllowHeaders] == nil)
        head.method = .post
        #expect(!CORSRule.isPreflight(head))
    }

    @Test("answers say that they depend on the origin, and to whom they are open")
    func marks() {
        var fields: HTTPFields = [.vary: "accept"]
        CORSRule.mark(&fields, origin: nil)
        #expect(fields[values: .vary] == ["accept", "origin"])
        #expect(fields[.accessControlAllowOrigin] == nil)
        CORSRule.mark(&fields, origin: "https://app.example.com")
        #expect(fields[.accessControlAllowOrigin] == "https://app.example.com")
        #expect(fields[.accessControlExposeHeaders]?.contains("mcp-session-id") == true)
    }
}
