import HubCore
import Testing

@testable import HubUpstream

@Suite("Addresses of next pages")
struct NextLinkTests {
    private func link(_ addresses: [String], basePath: String = "", publicAddress: String? = nil) -> NextLink {
        NextLink(addresses.compactMap { HTTPAddress($0) }, basePath: basePath, publicAddress: publicAddress.flatMap { HTTPAddress($0) })
    }

    @Test(
        "the same origin is followed below the path of the API, and no other",
        arguments: [
            ("https://api.test/v1/orders?page=2", "/orders?page=2"), ("https://API.test:443/v1/orders/?a=%20", "/orders/?a=%20"),
            ("/v1/orders?page=2#top", "/orders?page=2"), ("?page=2", "/orders/old?page=2"), ("newer?x", "/orders/newer?x"),
            ("//api.test/v1/x", "/x"), ("/v1/é", "/%C3%A9"),
            ("http://api.test/v1/orders", nil), ("https://evil.test/v1/orders", nil), ("https://api.test:8443/v1/orders", nil),
            ("https://api.test@evil.test/v1/x", nil), ("https://user@api.test/v1/x", nil), ("//evil.test/v1/x", nil),
            ("/v2/orders", nil), ("/v10/x", nil), ("/v1/../admin", nil), ("/v1/%2e%2e/admin", nil), ("/v1/./x", nil), ("../x", nil),
            ("https://api.test", nil), ("javascript:alert(1)", nil), ("", nil),
        ] as [(String, String?)])
    func follows(link: String, path: String?) {
        let links = self.link(["https://api.test"], basePath: "/v1")
        // What is no address at all is a reference relative to the page: it stays with the API, or leads nowhere.
        let found = links.path(of: link, on: "/orders/old?page=1")
        if link == "javascript:alert(1)" || link.isEmpty { #expect(found?.hasPrefix("/orders/") ?? true) } else { #expect(found == path) }
    }

    @Test("the address that the description gives the API is the API's")
    func publicAddress() {
        let links = link(["http://10.0.0.5:8080/inner"], basePath: "/v1", publicAddress: "https://api.test/v1")
        #expect(links.path(of: "https://api.test/v1/orders?page=2", on: "/orders") == "/orders?page=2")
        #expect(links.path(of: "http://10.0.0.5:8080/inner/orders", on: "/orders") == "/orders")
        #expect(links.path(of: "https://api.test/v2/orders", on: "/orders") == nil)
        #expect(links.path(of: "http://10.0.0.5:8080/orders", on: "/orders") == nil)
    }

    @Test("any of an upstream's addresses will do, unless they differ in their paths")
    func several() {
        #expect(link(["http://a.test:1", "http://b.test:2"]).path(of: "http://b.test:2/x?p=2", on: "/x") == "/x?p=2")
        #expect(link(["http://a.test/1", "http://b.test/2"]).path(of: "/1/x", on: "/x") == nil)
    }

    @Test("a service at the address itself has no path below it", arguments: ["", "?a=1"])
    func noPath(path: String) {
        let links = link(["http://a.test/service"])
        #expect(links.path(of: "?page=2", on: path) == "?page=2")
        #expect(links.path(of: "http://a.test/service?page=2", on: path) == "?page=2")
        #expect(links.path(of: "other?page=2", on: path) == nil)
        #expect(link(["http://a.test"]).path(of: "other?page=2", on: path) == "/other?page=2")
        #expect(link(["http://a.test"]).path(of: "?page=2", on: path) == "?page=2")
    }

    @Test("an address without end is not followed")
    func long() {
        #expect(link(["http://a.test"]).path(of: "/" + String(repeating: "x", count: 9000), on: "/x") == nil)
    }
}
