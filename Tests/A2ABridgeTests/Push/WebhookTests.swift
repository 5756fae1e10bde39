import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

/// Signs with a digest of the name of the key alone: what is signed is the test.
struct StubKey: NotificationKey {
    let id = "k1"
    let algorithm = "ES256"
    func sign(_ bytes: [UInt8]) throws -> [UInt8] { Array("signed ".utf8) + bytes }
}

@Suite("A webhook")
struct WebhookTests {
    @Test(
        "a URL is read whole",
        arguments: [
            ("https://a.example", "https://a.example", "/"), ("HTTP://A.example:80/x/", "http://a.example", "/x/"),
            ("https://a.example:8443/x?y=1&z=/%20", "https://a.example:8443", "/x?y=1&z=/%20"),
            ("https://a.example?q", "https://a.example", "/?q"),
            ("http://[::1]:9/h", "http://[::1]:9", "/h"),
        ])
    func addresses(url: String, origin: String, target: String) throws {
        let address = try #require(WebhookAddress(url))
        #expect(address.origin.description == origin && address.target == target)
    }

    @Test(
        "what parsers may read differently, or the hub cannot send to, is none",
        arguments: [
            "", "x", "//a", "ftp://a", "file:///etc/passwd", "https://", "https:///x", "https://u:p@a", "https://u@a", "https://a/#f",
            "https://a?#",
            "https://a\\@b", "https://a/ x", "https://a?x y", "https://a?é", "https://127.1", "https://a:0", "https://a:99999",
            "?https://a",
            "https://a/../b", "https://a\r\nx: y", "https://?x", "https://a/" + String(repeating: "x", count: 2_048),
        ])
    func hostile(url: String) {
        #expect(WebhookAddress(url) == nil)
        let webhook = Webhook(PushConfiguration(url: url), .v1_0)
        #expect(throws: A2AFailure.self) { try webhook.check() }
    }

    @Test("what cannot be sent in a header field is refused, and named")
    func fields() throws {
        var wrong: [(PushConfiguration, String)] = []
        for text in ["a\r\nb", "\0", String(repeating: "x", count: 4_097)] {
            wrong.append((PushConfiguration(url: "https://a", token: Secret(text)), "token"))
            let authentication = PushAuthentication(scheme: "Bearer", credentials: Secret(text))
            wrong.append((PushConfiguration(url: "https://a", authentication: authentication), "authentication.credentials"))
        }
        for scheme in ["a b", "a\r\n", String(repeating: "x", count: 65)] {
            wrong.append((PushConfiguration(url: "https://a", authentication: PushAuthentication(scheme: scheme)), "authentication.scheme"))
        }
        for id in ["", String(repeating: "x", count: 257)] { wrong.append((PushConfiguration(id: id, url: "https://a"), "id")) }
        for (configuration, field) in wrong {
            let failure = #expect(throws: A2AFailure.self) { try Webhook(configuration, .v1_0).check() }
            #expect(failure?.code == .invalidParameters && failure?.violations.first?.field == field)
        }
    }

    @Test("it is kept with its version and all it has, and what is not one is an error", arguments: A2AVersion.allCases)
    func kept(version: A2AVersion) throws {
        var configuration = PushConfiguration(id: "w", taskID: "t", url: "https://a", token: Secret("k"))
        let alternatives = version == .v0_3 ? ["Basic"] : []
        configuration.authentication = PushAuthentication(scheme: "Bearer", alternatives: alternatives, credentials: Secret("c"))
        let webhook = Webhook(configuration, version)
        let kept = TaskWebhook(id: "w", configuration: webhook.stored, position: 3)
        #expect(try Webhook(kept) == webhook)
        let text = String(buffer: webhook.stored)
        for end in 0..<text.count {
            let cut = TaskWebhook(id: "w", configuration: ByteBuffer(string: String(text.prefix(end))), position: 0)
            #expect(throws: (any Error).self) { try Webhook(cut) }
        }
        for other in ["{}", "[]", "7", #"{"version":"2.0","push":{}}"#, #"{"version":"1.0"}"#, #"{"version":"1.0","push":{}}"#] {
            #expect(throws: (any Error).self) {
                try Webhook(TaskWebhook(id: "w", configuration: ByteBuffer(string: other), position: 0))
            }
        }
    }

    @Test("a signature is a JWS without its payload, bound to the body, the place and the time")
    func signatures() throws {
        let address = try #require(WebhookAddress("https://a.example/h?x=1"))
        let text = try StubKey().signature(of: ByteBuffer(string: "{}"), to: address, name: "t/1/w", time: 1_700_000_000)
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        #expect(parts.count == 3 && parts[1].isEmpty)
        let header = String(decoding: Base64.decodeURLSafe(parts[0]) ?? [], as: UTF8.self)
        #expect(
            header
                == #"{"alg":"ES256","kid":"k1","typ":"JOSE","url":"https://a.example/h?x=1","jti":"t/1/w","iat":1700000000}"#)
        let signed = String(decoding: Base64.decodeURLSafe(parts[2]) ?? [], as: UTF8.self)
        #expect(signed == "signed \(parts[0]).e30")
    }

    @Test("the fields say what the client asked for, and nothing that it did not")
    func headers() {
        let bare = Webhook(PushConfiguration(url: "https://a"), .v0_3).headers(signature: nil)
        #expect(bare == [.contentType: "application/json"])
        let authentication = PushAuthentication(scheme: "Bearer", credentials: Secret("c"))
        let full = Webhook(PushConfiguration(url: "https://a", token: Secret("k"), authentication: authentication), .v1_0)
        let fields = full.headers(signature: "s")
        #expect(fields[.contentType] == "application/a2a+json" && fields[.authorization] == "Bearer c")
        #expect(fields[.notificationToken] == "k" && fields[.notificationSignature] == "s")
    }
}
