import HubCore
import Testing

@Suite("Addresses")
struct NetworkTests {
    @Test(
        "well-formed addresses read as they are connected to",
        arguments: [
            ("http://Example.COM", "http://example.com"), ("https://a.test:443/", "https://a.test"),
            ("http://a.test:8080/v1/", "http://a.test:8080/v1"),
            ("http://[::1]:80", "http://[::1]"), ("http://[2001:DB8:0:0::1]/x", "http://[2001:db8::1]/x"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            ("http://a.test./", "http://a.test"),
        ])
    func reads(url: String, expected: String) {
        #expect(HTTPAddress(url)?.description == expected)
    }

    @Test(
        "what parsers read differently does not parse",
        arguments: [
            "ftp://a", "http://", "http:///x", "http://u@a.test", "http://a.test:0", "http://a.test:65536", "http://a.test:8x",
            "http://127.1",
            "http://0x7f.0.0.1", "http://2130706433", "http://0177.0.0.1", "http://1.2.3.256", "http://a..b", "http://-a.test",
            "http://a%2e.test",
            "http://a.test\\@b", "http://a.test/x?y", "http://a.test/x#y", "http://a.test/../x", "http://a.test/%2E%2e/x", "http://[::1",
            "http://::1",
            "http://[fe80::1%eth0]", "http://a b",
        ])
    func refuses(url: String) {
        #expect(HTTPAddress(url) == nil)
    }

    @Test(
        "hosts are classed by what connecting to them reaches",
        arguments: [
            ("127.0.0.1", HostClass.loopback), ("127.8.9.1", .loopback), ("::1", .loopback), ("::ffff:127.0.0.1", .loopback),
            ("localhost", .loopback),
            ("a.localhost", .loopback), ("10.1.2.3", .restricted), ("172.16.0.1", .restricted), ("172.32.0.1", .public),
            ("192.168.1.1", .restricted),
            ("169.254.169.254", .restricted), ("100.64.0.1", .restricted), ("0.0.0.0", .restricted), ("224.0.0.1", .restricted),
            ("255.255.255.255", .restricted), ("198.18.0.1", .restricted), ("fd00::1", .restricted), ("fe80::1", .restricted),
            ("::", .restricted),
            ("64:ff9b::a00:1", .restricted), ("2002:a00:1::", .restricted), ("2001:db8::1", .restricted), ("::ffff:10.0.0.1", .restricted),
            ("8.8.8.8", .public), ("2606:4700::1111", .public), ("example.com", .name),
        ])
    func classes(host: String, expected: HostClass) {
        #expect(HostClass(host) == expected)
    }

    @Test(
        "IPv6 addresses have one spelling (RFC 5952)",
        arguments: [
            ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::", "::"), ("1::", "1::"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
            ("0:0:0:0:0:0:0:1", "::1"), ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ])
    func spelling(text: String, expected: String) {
        #expect(IPAddress(text)?.description == expected)
    }

    @Test(
        "malformed IPv6 is none",
        arguments: [
            "1", ":", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1.2.3", "1.2.3.4::", "g::", "::%1",
            "1:2:3:4:5:6:7::8:9",
        ])
    func malformedV6(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("host rules serve the names given, with any port, and nothing like them")
    func hostRules() {
        let rule = HostRule(names: ["Hub.test"], allowsLoopback: true)
        for authority in ["hub.test", "hub.test:8080", "localhost:1", "127.0.0.1", "[::1]:80"] {
            #expect(rule.allows(authority: authority))
        }
        for authority in ["hub.test.evil", "evil.hub.test", "hub.test@evil", "", "10.0.0.1"] { #expect(!rule.allows(authority: authority)) }
        #expect(rule.allows(origin: "http://localhost:3000"))
        #expect(!rule.allows(origin: "null"))
        #expect(!HostRule(names: ["hub.test"], allowsLoopback: false).allows(authority: "localhost"))
    }

    @Test(
        "base 64 goes both ways and takes only the canonical spelling",
        arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar", "\u{0}ÿ"])
    func base64(text: String) {
        let encoded = Base64.encode(Array(text.utf8))
        #expect(Base64.decode(encoded) == Array(text.utf8))
        #expect(Base64.decode(encoded + "=") == nil)
    }

    @Test("base 64 in any other spelling is refused", arguments: ["Zg", "Zh==", "Zg==Zg==", "====", "Z===", "Zm9=", "Zm 9"])
    func base64Refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("base 64 for URLs has its own alphabet and no padding")
    func base64URLSafe() {
        for bytes: [UInt8] in [[], [0xFB], [0xFB, 0xFF], [0xFB, 0xFF, 0xBF], Array(0...255)] {
            let text = Base64.encodeURLSafe(bytes)
            #expect(!text.contains { "+/=".contains($0) })
            #expect(Base64.decodeURLSafe(text) == bytes)
        }
        #expect(Base64.encodeURLSafe([0xFB, 0xFF]) == "-_8")
        for text in ["-_8=", "+/8", "-_9", "A", "-_ 8"] { #expect(Base64.decodeURLSafe(text) == nil) }
    }

    @Test("percent encoding keeps what it is told and decodes only what is whole")
    func percentEncoding() {
        #expect(PercentEncoding.encode("a b/é~") == "a%20b%2F%C3%A9~")
        #expect(PercentEncoding.decode("a%20b%2f%C3%A9+") == "a b/é+")
        for text in ["%", "%2", "%zz", "%+1", "%ff"] { #expect(PercentEncoding.decode(text) == nil) }
        #expect(PercentEncoding.encode("/a?b%20%zz", keeping: .path) == "/a%3Fb%20%25zz")
        #expect(PercentEncoding.encode("/a?b%20%zz", keeping: .query) == "/a?b%20%25zz")
        #expect(PercentEncoding.decodeWherePossible("%41%2%zz") == "A%2%zz")
        #expect(PercentEncoding.decodeWherePossible("%41%ff") == "%41%ff")
    }

    @Test(
        "a declared media type is a pair of tokens",
        arguments: ["", "/", "text", "text/", "*/*", "text/*", "a b/c", "a/b/c", "text/plain,text/html"])
    func noMediaType(text: String) {
        #expect(MediaType(text) == nil)
    }

    @Test("a media type reads in lower case and without its parameters")
    func mediaType() {
        let type = MediaType(" Text/HTML ; q=1;\tCharset=\"UTF-16\"")
        #expect(type?.essence == "text/html")
        #expect(type?.charset == "utf-16")
        #expect(MediaType("application/problem+json")?.isJSON == true)
        #expect(MediaType("image/svg+xml").map { $0.isText && !$0.isImage } == true)
        #expect(MediaType(described: "*/*")?.essence == "*/*")
        #expect(MediaType(described: "text/plain, text/html") != nil)
        #expect(MediaType(described: "text/plain\n") == nil)
    }
}
