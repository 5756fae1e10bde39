import Testing

@testable import HubUpstream

@Suite("canonical forms")
struct CanonicalFormTests {
    @Test(
        "a target is sent in its strict spelling",
        arguments: [
            ("/", "/"), ("/a:b@c", "/a%3Ab%40c"), ("/a%2fb%7e", "/a%2Fb~"), ("/%zz%", "/%25zz%25"), ("/x?", "/x"), ("/x?&&", "/x"),
            ("/x?b=1&a=2&b", "/x?b=1&a=2&b"), ("/x?a=b+c%2B", "/x?a=b%20c%2B"), ("/x?a=1=2?", "/x?a=1%3D2%3F"), ("/%ff?%FE", "/%FF?%FE"),
            ("/x?=v&n=", "/x?=v&n="),
        ])
    func strict(target: String, text: String) {
        #expect(StrictTarget(target).text == text)
        #expect(StrictTarget(text).text == text, "what is strict stays")
    }

    @Test(
        "a query is put in order by bytes",
        arguments: [
            ("/?b=2&a=3&b=1&a", "a=&a=3&b=1&b=2"), ("/?a-b=1&a=2", "a=2&a-b=1"), ("/?A=1&a=2&%C3%A9=3", "%C3%A9=3&A=1&a=2"), ("/", ""),
        ])
    func order(target: String, query: String) {
        #expect(StrictTarget(target).canonicalQuery == query)
    }

    @Test(
        "a moment is written in both forms",
        arguments: [
            (0, "19700101T000000Z", "1970-01-01T00:00:00Z"), (951_782_400, "20000229T000000Z", "2000-02-29T00:00:00Z"),
            (1_440_938_160, "20150830T123600Z", "2015-08-30T12:36:00Z"), (1_735_689_599, "20241231T235959Z", "2024-12-31T23:59:59Z"),
            (4_107_542_400, "21000301T000000Z", "2100-03-01T00:00:00Z"), (-5, "19700101T000000Z", "1970-01-01T00:00:00Z"),
        ] as [(Int64, String, String)])
    func time(seconds: Int64, basic: String, extended: String) {
        let time = SigningTime(seconds: seconds)
        #expect(time.basic == basic && time.extended == extended && basic.hasPrefix(time.date))
    }
}
