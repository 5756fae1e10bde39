import HubCore
import NIOCore

/// The parameters of a request without a body, between a query and the object they are read from and written as.
enum CallQuery {
    /// The most parameters that are read.
    private static let maximumCount = 32

    /// An object with a text for each parameter; of those with one name, the last.
    ///
    /// - Parameter query: without the question mark; nil for none.
    static func object(of query: Substring?) -> JSONDocument? {
        var json = JSONWriter()
        json.object { json in
            for pair in (query ?? "").split(separator: "&").prefix(maximumCount) {
                let name = pair.prefix { $0 != "=" }
                json.member(decode(name), decode(pair[name.endIndex...].dropFirst()))
            }
        }
        return try? JSONDocument(parsing: json.buffer, limits: .payload)  // written here; nil would be a query of more than 64 MiB
    }

    /// The query of an object's texts, numbers and flags; nil where there are none.
    static func query(of object: JSONValue) -> String? {
        let pairs = object.members.compactMap { member -> String? in
            guard let name = member.name.string,
                let text = member.value.string ?? member.value.numberText ?? member.value.bool.map(String.init)
            else { return nil }
            return "\(PercentEncoding.encode(name))=\(PercentEncoding.encode(text))"
        }
        return pairs.isEmpty ? nil : pairs.joined(separator: "&")
    }

    /// A plus is a space, as in forms.
    private static func decode(_ text: Substring) -> String { PercentEncoding.decodeWherePossible(text.replacing("+", with: " ")) }
}
