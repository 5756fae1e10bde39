import HTTPTypes
import HubCore
import NIOCore

/// A webhook as it was registered: with the version that it was registered in, whose words it is told in.
struct Webhook: Sendable, Hashable {
    /// What the client wants.
    var configuration: PushConfiguration
    /// The version it spoke.
    var version: A2AVersion

    /// The longest id of a webhook, in bytes.
    static let maximumIDBytes = 256
    /// The longest token or credential, in bytes.
    private static let maximumSecretBytes = 4_096

    /// What a client wants.
    init(_ configuration: PushConfiguration, _ version: A2AVersion) { (self.configuration, self.version) = (configuration, version) }

    /// Reads what a store kept.
    init(_ kept: TaskWebhook) throws {
        let root = try JSONDocument(parsing: kept.configuration, limits: .payload).root
        guard let version = root["version"]?.string.flatMap(A2AVersion.init(rawValue:)), let push = root["push"] else {
            throw A2AFailure(.internal, "The webhook was not kept whole")
        }
        self.init(try PushConfiguration(WireValue(push, A2ADialect(jsonRPC: version))), version)
        configuration.id = kept.id
    }

    /// As a store keeps it.
    var stored: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.member("version", version.rawValue)
            json.key("push")
            configuration.write(to: &json, as: A2ADialect(jsonRPC: version))
        }
        return json.buffer
    }

    /// Checks all that can be checked without connecting.
    ///
    /// - Returns: where it is.
    /// - Throws: `A2AFailure` with `invalidParameters` and the member that is wrong.
    func check() throws(A2AFailure) -> WebhookAddress {
        guard let address = WebhookAddress(configuration.url) else {
            throw Self.wrong("url", "must be an http or https URL of at most \(WebhookAddress.maximumBytes) bytes, without a user")
        }
        if let id = configuration.id, id.isEmpty || id.utf8.count > Self.maximumIDBytes {
            throw Self.wrong("id", "has at most \(Self.maximumIDBytes) bytes")
        }
        let credentials = configuration.authentication?.credentials
        for (name, secret) in [("token", configuration.token), ("authentication.credentials", credentials)] {
            guard let text = secret?.revealed else { continue }
            guard text.utf8.count <= Self.maximumSecretBytes, HTTPField.isValidValue(text) else {
                throw Self.wrong(name, "cannot be sent in a header field")
            }
        }
        let scheme = configuration.authentication?.scheme ?? ""
        guard scheme.utf8.count <= 64, scheme.isEmpty || HTTPField.Name(scheme) != nil else {
            throw Self.wrong("authentication.scheme", "is no scheme of HTTP authentication")
        }
        return address
    }

    static func wrong(_ field: String, _ what: String) -> A2AFailure {
        A2AFailure(.invalidParameters, "\(field) \(what)", violations: [.init(field: field, description: what)])
    }

    // MARK: Notifications

    /// The body of a notification: of 1.0 the event, as streams have it; of 0.3 the task as it stood then, or the answer without one.
    func body(_ event: AgentEvent, of task: () throws -> AgentTask) rethrows -> ByteBuffer {
        var json = JSONWriter()
        switch (version, event) {
        case (.v1_0, _): event.write(to: &json, as: .v1_0)
        case (.v0_3, .message): event.write(to: &json, as: .v0_3)
        case (.v0_3, _): try task().write(to: &json, as: .v0_3)
        }
        return json.buffer
    }

    /// The header fields of a notification.
    ///
    /// - Parameter signature: the hub's; nil: it has no key.
    func headers(signature: String?) -> HTTPFields {
        var fields: HTTPFields = [.contentType: version == .v1_0 ? "application/a2a+json" : "application/json"]
        if version == .v1_0 { fields[.a2aVersion] = version.rawValue }
        fields[.notificationToken] = configuration.token?.revealed
        if let authentication = configuration.authentication, !authentication.scheme.isEmpty, let credentials = authentication.credentials {
            fields[.authorization] = "\(authentication.scheme) \(credentials.revealed)"
        }
        fields[.notificationSignature] = signature
        return fields
    }
}

extension HTTPField.Name {
    /// What the client knows notifications by; 1.0.1 names no field for it, and SDKs of both versions send this one.
    static let notificationToken = HTTPField.Name("x-a2a-notification-token") ?? .via
    /// The hub's signature of a notification.
    static let notificationSignature = HTTPField.Name("x-hubd-signature") ?? .via
}

extension NotificationKey {
    /// A signature of a notification: a JWS in compact form without its payload (RFC 7515 appendix F), which is the body.
    ///
    /// - Parameters:
    ///   - address: where it goes (`url`), so that it counts nowhere else.
    ///   - name: names the notification (`jti`): the same when it is sent again.
    ///   - time: seconds since 1970 (`iat`), so that it does not count for ever.
    func signature(of body: ByteBuffer, to address: WebhookAddress, name: String, time: Int64) throws -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("alg", algorithm)
            json.member("kid", id)
            json.member("typ", "JOSE")
            json.member("url", address.description)
            json.member("jti", name)
            json.member("iat", Int(time))
        }
        let header = Base64.encodeURLSafe(Array(json.buffer.readableBytesView))
        let payload = Base64.encodeURLSafe(Array(body.readableBytesView))
        let signature = try sign(Array("\(header).\(payload)".utf8))
        return "\(header)..\(Base64.encodeURLSafe(signature))"
    }
}
