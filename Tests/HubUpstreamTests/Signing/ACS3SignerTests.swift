import HTTPTypes
import HubCore
import Testing

@testable import HubUpstream

@Suite("Alibaba Cloud's ACS3-HMAC-SHA256")
struct ACS3SignerTests {
    private static let key = AlibabaCredential(id: "YourAccessKeyId", secret: Secret("YourAccessKeySecret"))

    private static func clock() -> CredentialClock {
        var clock = CredentialClock.fixed(seconds: 1_698_315_752)
        clock.nonce = { "3156853299f313e23d1673dc12e1703d" }
        return clock
    }

    @Test("the example of the documentation comes out as it stands there")
    func documentation() throws {
        var credential = Self.key
        credential.action = "RunInstances"
        credential.version = "2014-05-26"
        var request = EndpointRequest.test(.post, "/?RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd")
        let signature = try ACS3Signer(credential, clock: Self.clock()).sign(&request, host: "ecs.cn-shanghai.aliyuncs.com")
        #expect(signature == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")
        #expect(
            request.fields[.authorization]
                == "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
                + "x-acs-signature-nonce;x-acs-version,Signature=\(signature)")
        #expect(request.fields[try #require(HTTPField.Name("x-acs-date"))] == "2023-10-26T10:22:32Z")
    }

    @Test("what the request says of action and version counts, what it says of the signature does not")
    func precedence() throws {
        var credential = Self.key
        (credential.action, credential.version, credential.securityToken) = ("Default", "1", Secret("temporary"))
        var request = EndpointRequest.test(
            .post, "/",
            [
                ("x-acs-action", "Mine"), ("x-acs-date", "mine"), ("x-acs-security-token", "mine"), ("authorization", "mine"),
                ("content-type", "application/json"), ("accept", "*/*"),
            ], body: "{}")
        _ = try ACS3Signer(credential, clock: Self.clock()).sign(&request, host: "h")
        let fields = Dictionary(request.fields.map { ($0.name.canonicalName, $0.value) }, uniquingKeysWith: { "\($0), \($1)" })
        #expect(fields["x-acs-action"] == "Mine" && fields["x-acs-version"] == "1" && fields["x-acs-security-token"] == "temporary")
        #expect(!fields.values.contains { $0.contains("mine") })
        #expect(
            fields["authorization"]?.contains(
                "SignedHeaders=content-type;host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version,"
            ) == true)
    }

    @Test("each signature has a nonce of its own, and a body that comes in pieces has none")
    func nonces() throws {
        let signer = ACS3Signer(Self.key, clock: .fixed(seconds: 0))
        var (first, second) = (EndpointRequest.test(.get, "/"), EndpointRequest.test(.get, "/"))
        let signatures = try [signer.sign(&first, host: "h"), signer.sign(&second, host: "h")]
        #expect(signatures[0] != signatures[1])
        first.body = .stream(NoBody())
        #expect(throws: UpstreamFailure.self) { try signer.sign(&first, host: "h") }
    }
}
