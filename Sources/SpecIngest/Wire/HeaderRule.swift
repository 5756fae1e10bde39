import HTTPTypes
import HubCore

/// Which header fields an argument may become, and what may stand in one.
enum HeaderRule {
    static let maximumValueBytes = 8 << 10

    // RFC 9110 §7.6.1 and §7.2; what the hub itself says about the caller, the message and the connection.
    private static let forbidden: Set<String> = [
        "authorization", "host", "cookie", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade",
        "expect", "http2-settings",
    ]
    // OpenAPI 3.1.1 §4.8.12.1: parameters of these names say nothing; the media types are chosen when the description is read.
    private static let ignored: Set<String> = ["accept", "content-type"]

    /// Whether a parameter of this name is one of those that never become an argument.
    static func isReserved(_ name: String) -> Bool {
        let lower = name.lowercased()
        return forbidden.contains(lower) || ignored.contains(lower) || lower.hasPrefix("proxy-")
    }

    /// The field's name, if it may be an argument.
    static func fieldName(_ name: String) -> HTTPField.Name? {
        isReserved(name) ? nil : HTTPField.Name(name)
    }

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
