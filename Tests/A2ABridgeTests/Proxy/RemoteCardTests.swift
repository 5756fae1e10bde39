import Crypto
import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Cards of agents elsewhere", .timeLimit(.minutes(1)))
struct RemoteCardTests {
    private func card(_ proxy: StubProxy, fields: HTTPFields = [.a2aVersion: "1.0"]) async throws -> StubResponseWriter {
        try await proxy.send(proxy.hub.request(.get, "/.well-known/agent-card.json", fields: fields))
    }

    @Test("callers see what the agent says of itself, the hub's addresses and the hub's ways in")
    func shown() async throws {
        let extra = #"""
            ,"documentationUrl":"http://10.0.0.9:9000/docs","iconUrl":"https://example.com/icon.png",
            "provider":{"organization":"Lab","url":"http://10.0.0.9/"},
            "securitySchemes":{"k":{"apiKeySecurityScheme":{"location":"header","name":"x-theirs"}}},
            "securityRequirements":[{"schemes":{"k":{"list":[]}}}],
            "signatures":[{"protected":"e30","signature":"AA"}]
            """#
        let elsewhere = ScriptedElsewhere(card: ScriptedElsewhere.card(extra: extra)) { _, _ in ScriptedElsewhere.error(-32603, "") }
        let proxy = StubProxy(
            [RemoteRelease(name: "v1", target: elsewhere)], words: CardWords(version: "9"), credentials: [.apiKey(header: "x-ours")])
        let shown = try await card(proxy)
        #expect(shown.status == 200 && !shown.text.contains("10.0.0.9") && !shown.text.contains("x-theirs"))
        let json = try shown.json()
        #expect(json["name"]?.string == "Research" && json["version"]?.string == "9")
        #expect(json["description"]?.string == "Looks things up at http://localhost/a2a/orders.")
        #expect(json["skills", 0]?["id"]?.string == "look" && json["supportedInterfaces"]?.count == 4)
        #expect(json["supportedInterfaces", 0]?["url"]?.string == "http://localhost/a2a/orders")
        #expect(json["iconUrl"]?.string == "https://example.com/icon.png" && json["documentationUrl"] == nil)
        #expect(
            json[path: "provider", "url"]?.string == "http://localhost"
                || json[path: "provider", "url"]?.string?.contains("localhost") == true)
        #expect(json[path: "securitySchemes", "apiKey", "apiKeySecurityScheme", "name"]?.string == "x-ours")
        #expect(json[path: "capabilities", "streaming"]?.bool == true && json[path: "capabilities", "pushNotifications"]?.bool == false)
        #expect(json["capabilities"]?["extensions", 0]?["uri"]?.string == "urn:x:1" && json["signatures"] == nil)
        #expect(proxy.agent.provenance == .unknownKey && proxy.agent.problem == nil)
    }

    @Test("a card of 0.3 at its former place is read, and both versions are served from it")
    func older() async throws {
        let text = #"""
            {"name":"Old","description":"d","url":"http://10.0.0.9/x","protocolVersion":"0.2.6","version":"1","capabilities":{},
             "defaultInputModes":[],"defaultOutputModes":[],"skills":[]}
            """#
        let target = StubTarget { call in
            guard case .message(let message) = call.content else { throw HubError(.internal, "") }
            guard message.path == "/.well-known/agent.json" else {
                return CallResponse(status: 404, contentType: nil, body: ByteBuffer())
            }
            return CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: text))
        }
        let proxy = StubProxy(target)
        #expect(try await card(proxy).json()["name"]?.string == "Old")
        #expect(try await card(proxy, fields: [.a2aVersion: "0.3"]).json()["url"]?.string == "http://localhost/a2a/orders")
        let known = try #require(proxy.known.standing(agent: "orders", release: "v1").card?.card)
        #expect(RemoteInterface.chosen(from: known, ownPath: "")?.version == .v0_3)
    }

    @Test("a card that cannot be had is said so, and one that was had stays when its agent is away")
    func lastGood() async throws {
        let mode = NIOLockedValueBox("away")
        let tags = NIOLockedValueBox<[String?]>([])
        let target = StubTarget { call in
            guard case .message(let message) = call.content else { throw HubError(.internal, "") }
            tags.withLockedValue { $0.append(message.headers[.ifNoneMatch]) }
            switch mode.withLockedValue({ $0 }) {
            case "good":
                let body = ResponseBody.complete(ByteBuffer(string: ScriptedElsewhere.card()))
                return CallResponse(status: 200, fields: [.eTag: "\"1\"", .contentType: "application/json"], body: body)
            case "same": return CallResponse(status: 304, fields: [:], body: .complete(ByteBuffer()))
            case "bad": return CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: #"{"name":5}"#))
            case "huge":
                let body = ByteBuffer(repeating: UInt8(ascii: " "), count: 2 << 20)
                return CallResponse(status: 200, contentType: "application/json", body: body)
            default: throw HubError(.upstreamFailed, "The upstream failed to answer")
            }
        }
        let proxy = StubProxy(target)
        let remote = try #require(proxy.agent.elsewhere?.agent)
        let context = proxy.hub.request(.get, "").context
        let missing = try await card(proxy)
        #expect(missing.status == 503 && missing.text.contains("The upstream failed to answer"))
        #expect(proxy.agent.problem == "its card has not been read yet")
        var now = ContinuousClock.now
        func refresh(_ word: String) async throws -> RemoteAgentHealth {
            mode.withLockedValue { $0 = word }
            now += .seconds(61)
            try await remote.refresh(now: now, context: context)
            return try #require(proxy.agent.releases?["v1"])
        }
        #expect(try await refresh("bad").state == .unknown)
        #expect(try await refresh("huge").state == .away)
        #expect(try await refresh("good").state == .up)
        #expect(try await refresh("same").failures == 0)
        #expect(tags.withLockedValue { $0.last } == "\"1\"")
        let asked = tags.withLockedValue { $0.count }
        try await remote.refresh(now: now + .seconds(1), context: context)
        #expect(tags.withLockedValue { $0.count } == asked)
        for _ in 0..<3 { _ = try await refresh("away") }
        #expect(proxy.agent.problem == "it does not answer")
        #expect(try await card(proxy).status == 200)
        #expect(try await refresh("good").state == .up && proxy.agent.problem == nil)
    }

    @Test("the operator has the last word on where an agent is, and the card on the path below that")
    func places() throws {
        func chosen(_ interfaces: [(url: String, binding: String, version: String)], ownPath: String = "") -> RemoteInterface? {
            var card = AgentCard(name: "n", description: "d", interfaces: [], version: "1")
            card.interfaces = interfaces.map { AgentInterface(url: $0.url, binding: $0.binding, version: $0.version) }
            return RemoteInterface.chosen(from: card, ownPath: ownPath)
        }
        #expect(chosen([("http://elsewhere/rpc/", "JSONRPC", "1.0")])?.path == "/rpc/")
        #expect(chosen([("http://elsewhere", "JSONRPC", "1.0")])?.path == "")
        #expect(chosen([("https://a/x?y=1#z", "jsonrpc", "0.3")])?.path == "/x?y=1")
        #expect(chosen([("http://a/agents/x/rpc", "JSONRPC", "1.0")], ownPath: "/agents/x")?.path == "/agents/x/rpc")
        #expect(chosen([("http://a/agents/xy", "JSONRPC", "1.0")], ownPath: "/agents/x") != nil)
        #expect(chosen([("http://a/agents/xy", "JSONRPC", "1.0")], ownPath: "/agents/x")?.path == nil)
        for url in ["http://a/x/../y", "http://a/x\u{0}", "http://a/é", "ftp://a/x", "a:50051", "http://a/%2e%2e/"] {
            #expect(chosen([(url, "JSONRPC", "1.0")]) == nil, "\(url)")
        }
        #expect(chosen([("http://a", "GRPC", "1.0"), ("http://a", "JSONRPC", "2.0")]) == nil)
        let mixed = [("http://a/3", "JSONRPC", "0.3"), ("http://a/4", "HTTP+JSON", "1.0"), ("http://a/5", "JSONRPC", "1.0")]
        #expect(chosen(mixed)?.path == "/4")
        #expect(chosen([("http://a/1", "JSONRPC", "1.7"), ("http://a/3", "JSONRPC", "0.3")])?.path == "/3")
        #expect(chosen([("http://a/1", "JSONRPC", "1.7")])?.version == .v1_0)
    }

    // MARK: Signatures

    @Test("the hub's card is signed with its key, and changing any word of it is noticed")
    func signing() async throws {
        let key = P256.Signing.PrivateKey()
        let elsewhere = ScriptedElsewhere { _, _ in ScriptedElsewhere.error(-32603, "") }
        let proxy = StubProxy([RemoteRelease(name: "v1", target: elsewhere)], signer: CardSigner(keyID: "hub-1", key: key))
        let keys = CardKeys { keyID, algorithm, signature, input in
            guard keyID == "hub-1", algorithm == "ES256" else { return nil }
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.publicKey.isValidSignature(signature, for: input)
        }
        for fields: HTTPFields in [[.a2aVersion: "1.0"], [:]] {
            let text = try await card(proxy, fields: fields).text
            func verdict(_ text: String, _ keys: CardKeys) throws -> CardProvenance {
                let root = try JSONValue(text)
                return CardSignatures.provenance(of: try AgentCard(WireValue(root, .v1_0)), written: root, keys: keys)
            }
            #expect(try verdict(text, keys) == .verified(keyID: "hub-1"))
            #expect(try verdict(text.replacing("Research", with: "Resaerch"), keys) == .invalid)
            #expect(try verdict(text.replacing("/a2a/orders", with: "/a2a/other"), keys) == .invalid)
            #expect(try verdict(text, CardKeys()) == .unknownKey)
        }
    }

    /// Signed with the SDK in Python, 1.3.0, which leaves what is empty out of what it signs, and nulls.
    private static let foreign = #"""
        {"name": "Größe", "description": "Says 1 < 2", "supportedInterfaces": [{"url": "https://a.example/rpc", "protocolBinding": "JSONRPC",
        "protocolVersion": "1.0"}], "version": "1.0", "capabilities": {"streaming": true, "pushNotifications": false, "extensions": [{"uri":
        "urn:x", "params": {"a": [1.5, 1e+21, {}], "b": 1.0, "n": null}}]}, "defaultInputModes": ["text/plain"], "defaultOutputModes":
        ["text/plain"], "skills": [{"id": "s", "name": "S", "tags": ["t"], "description": ""}], "signatures": [{"protected":
        "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSk9TRSJ9", "signature":
        "Xoyv3P8KoydALERJIHOPjlMowniS8AZDteuSpiHhJtA4PlKSNK5qBTP5IZQugccfCHo2vwOjBk48O3zefLDmuQ"}]}
        """#

    @Test("a card that was signed elsewhere is known by its key, also where what is empty is left out of what was signed")
    func foreignSignature() throws {
        let point = try #require(
            Base64.decode("BO5md/BbyXbzc28fYIihTIBAJZATsx8ANTh3RKFlPc6JXkUBer+jo5U2r74AV0egqsS15c3hmG/W4Suk8qlH6jg="))
        let key = try P256.Signing.PublicKey(x963Representation: point)
        let keys = CardKeys { _, _, signature, input in
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: input)
        }
        func verdict(_ text: String) throws -> CardProvenance {
            let root = try JSONValue(text)
            return CardSignatures.provenance(of: try AgentCard(WireValue(root, .v1_0)), written: root, keys: keys)
        }
        #expect(try verdict(Self.foreign) == .verified(keyID: "k1"))
        #expect(try verdict(Self.foreign.replacing("1.5", with: "1.25")) == .invalid)
        #expect(try verdict(Self.foreign.replacing("Xoyv", with: "Yoyv")) == .invalid)
        #expect(try verdict(Self.foreign.replacing("Xoyv", with: "=")) == .unknownKey)
        #expect(try verdict(Self.foreign.replacing("eyJhbGci", with: "!")) == .unknownKey)
        let forms = [#"{"crit":["b64"],"alg":"ES256","kid":"k1"}"#, #"{"alg":"ES256"}"#, "[]", "{"]
        for form in forms {
            let header = Base64.encodeURLSafe(Array(form.utf8))
            let text = Self.foreign.replacing("eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSk9TRSJ9", with: header)
            #expect(try verdict(text) == .unknownKey)
        }
    }
}
