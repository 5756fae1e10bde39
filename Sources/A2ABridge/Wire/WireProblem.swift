import HubCore

/// Why a message is not one of the protocol: what a caller may mend, or an agent got wrong.
struct WireProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was wrong at `place`.
    enum Reason: String, Sendable, Hashable {
        /// A required member is absent, null or empty.
        case missing = "is required"
        /// Not a string.
        case notText = "must be a string"
        /// Not an object.
        case notObject = "must be an object"
        /// Not an array.
        case notArray = "must be an array"
        /// Not `true` or `false`.
        case notFlag = "must be true or false"
        /// Not a whole number from 0 to 2³¹ − 1.
        case notCount = "must be a whole number that is not negative"
        /// Smaller or larger than is allowed.
        case outOfRange = "is out of range"
        /// Not Base64 of RFC 4648.
        case notBase64 = "must be Base64"
        /// Not a time of RFC 3339.
        case notTime = "must be a time as RFC 3339 writes it"
        /// None of the values that there are.
        case unknownValue = "is none of the known values"
        /// None of the alternatives, or more than one.
        case notOneOf = "must have exactly one of its alternatives"
    }

    /// Where, below what was read: `message.parts[2].raw`; empty for the whole.
    var place: String
    /// What was wrong.
    var reason: Reason

    /// The place and the reason; never any of what was written there.
    var description: String { place.isEmpty ? "The message \(reason.rawValue)" : "\(place) \(reason.rawValue)" }

    /// The longest place that is told, in characters of Unicode: names in it may be the caller's.
    private static let maximumPlace = 200

    /// The place of a value below another of its document, found only when something is wrong.
    static func place(of target: JSONValue, below root: JSONValue, member: String? = nil) -> String {
        var (path, value) = ("", root)
        while value.index != target.index, let step = step(from: value, towards: target) {
            path += step.name
            value = step.value
        }
        if let member { path += "." + member }
        return String(String.UnicodeScalarView(path.unicodeScalars.drop { $0 == "." }.prefix(maximumPlace)))
    }

    private static func step(from value: JSONValue, towards target: JSONValue) -> (name: String, value: JSONValue)? {
        let holds = { (value: JSONValue) in (value.index..<value.index + value.extent).contains(target.index) }
        for member in value.members where holds(member.value) { return ("." + (member.name.string ?? ""), member.value) }
        for (index, element) in value.elements.enumerated() where holds(element) { return ("[\(index)]", element) }
        return nil
    }
}
