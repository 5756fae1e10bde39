/// How a SOAP service lets the hub in by user name and password (WS-Security UsernameToken Profile 1.1).
public struct UsernameToken: Sendable {
    /// What stands for the password in one message.
    public enum Password: Sendable {
        /// The password itself: for https.
        case text(String)
        /// `Base64(SHA-1(nonce + created + password))`, so that no message can be sent twice.
        ///
        /// - Parameters:
        ///   - nonce: random bytes in Base64.
        ///   - created: the time, as `2026-01-31T12:00:00Z`.
        case digest(String, nonce: String, created: String)
    }

    /// The user.
    public var username: String
    /// Makes the password of one message; called for each.
    public var password: @Sendable () -> Password

    /// A token.
    public init(username: String, password: @escaping @Sendable () -> Password) {
        self.username = username
        self.password = password
    }
}

extension UsernameToken {
    private static let oasis = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
    private static let security = oasis + "wssecurity-secext-1.0.xsd"
    private static let utility = oasis + "wssecurity-utility-1.0.xsd"
    private static let profile = oasis + "username-token-profile-1.0#"
    private static let base64 = oasis + "soap-message-security-1.0#Base64Binary"

    /// The `wsse:Security` of one message.
    func element() -> XMLElement {
        let element = { (local: String, text: String, type: String?) in
            var element = XMLElement(name: XMLName(namespace: Self.security, local: local))
            if let type { element.attributes = [XMLAttribute(name: XMLName(namespace: "", local: "Type"), value: type)] }
            if !text.isEmpty { element.children = [.text(text)] }
            return element
        }
        var token = XMLElement(name: XMLName(namespace: Self.security, local: "UsernameToken"))
        token.children.append(.element(element("Username", username, nil)))
        switch password() {
        case .text(let password):
            token.children.append(.element(element("Password", password, Self.profile + "PasswordText")))
        case .digest(let digest, let nonce, let created):
            token.children.append(.element(element("Password", digest, Self.profile + "PasswordDigest")))
            var once = element("Nonce", nonce, nil)
            once.attributes = [
                XMLAttribute(
                    name: XMLName(namespace: "", local: "EncodingType"), value: Self.base64)
            ]
            token.children.append(.element(once))
            token.children.append(
                .element(XMLElement(name: XMLName(namespace: Self.utility, local: "Created"), children: [.text(created)])))
        }
        return XMLElement(name: XMLName(namespace: Self.security, local: "Security"), children: [.element(token)])
    }
}
