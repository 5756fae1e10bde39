import Crypto
import FoundationEssentials
import HubCore
import HubUpstream
import SpecIngest

/// Lets the hub in by user name and password in the header of each SOAP message.
struct MessageSecurity {
    /// What stands in the header.
    let token: UsernameToken
    /// What is taken out where the service echoes it.
    let credentials: OperationCredentials

    /// - Parameter password: what the reference in `settings` is.
    init(_ settings: SOAPSettings.Security, password: Secret) {
        credentials = OperationCredentials(shown: [], known: [.bearer(password)])
        guard settings.isDigest else {
            token = UsernameToken(username: settings.username) { .text(password.revealed) }
            return
        }
        token = UsernameToken(username: settings.username) {
            var random = SystemRandomNumberGenerator()
            let nonce = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            let created = Date().formatted(.iso8601)
            // UsernameToken Profile 1.1 §3.1: SHA-1 is what it says; over https nothing rests on it.
            let digest = Insecure.SHA1.hash(data: nonce + Array(created.utf8) + Array(password.revealed.utf8))
            return .digest(Base64.encode(Array(digest)), nonce: Base64.encode(nonce), created: created)
        }
    }
}
