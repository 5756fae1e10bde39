import HTTPTypes
import HubCore

/// Which header fields an argument may become, and what may stand in one.
///
/// 1. What frames the message, concerns the connection or holds a credential is the hub's to write. So is what tells an upstream from where
///    a request comes: whoever believes it must not believe a caller.
/// 2. A description that declares a parameter of such a name gets no argument for it, and a finding that says so. Of an endpoint written by
///    hand it is an error.
/// 3. OpenAPI says of three names that they mean nothing as parameters. No finding: they are written all over.
/// 4. A name that is no token is none.
/// 5. What a credential of the entry is sent in is no argument either, by the description's security schemes; and whatever header an
///    argument became, the upstream's own credential replaces it where it is sent.
enum HeaderRule {
    static let maximumValueBytes = 8 << 10

    // RFC 9110 §7.6.1 and §7.2; what the hub itself says about the message and the connection.
    private static let framing: Set<String> = [
        "authorization", "host", "cookie", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade",
        "expect", "http2-settings",
    ]
    // RFC 9110 §7.6.3, RFC 7239, and what stands for it in practice.
    private static let origin: Set<String> = [
        "via", "forwarded", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip",
    ]
    // OpenAPI 3.1.1 §4.8.12.1: parameters of these names say nothing; the media types are chosen when the description is read.
    private static let meaningless: Set<String> = ["accept", "content-type", "authorization"]

    /// Whether a parameter of this name is one of those that never become an argument.
    static func isReserved(_ name: String) -> Bool {
        let lower = name.lowercased()
        return isFraming(lower) || origin.contains(lower) || lower.hasPrefix("x-forwarded-") || meaningless.contains(lower)
    }

    /// Whether a parameter of this name says nothing, whoever declares it.
    static func isMeaningless(_ name: String) -> Bool { meaningless.contains(name.lowercased()) }

    /// The field's name, if it may be an argument.
    static func fieldName(_ name: String) -> HTTPField.Name? {
        isReserved(name) ? nil : HTTPField.Name(name)
    }

    /// The field's name, if the operator may give it a value that no caller can change.
    static func fixedFieldName(_ name: String) -> HTTPField.Name? {
        let lower = name.lowercased()
        return isFraming(lower) || meaningless.contains(lower) ? nil : HTTPField.Name(name)
    }

    private static func isFraming(_ lower: String) -> Bool { framing.contains(lower) || lower.hasPrefix("proxy-") }

    /// The value, if it is one: no control characters but the tab, and not too long.
    static func check(_ value: String, argument: String) throws(HubError) -> String {
        guard value.utf8.count <= maximumValueBytes else {
            throw HubError(.invalidArguments, "argument \"\(argument)\" must not be longer than \(maximumValueBytes) bytes")
        }
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw HubError(.invalidArguments, "argument \"\(argument)\" must not contain line breaks or other control characters")
        }
        return value
    }
}
