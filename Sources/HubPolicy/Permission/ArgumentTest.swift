public import HubCore

/// What a value must be. A value of another kind than it is about cannot be judged: a server may take `"5"` for 5.
public enum ArgumentTest: Sendable, Hashable, CustomStringConvertible {
    /// One of these.
    case oneOf([ArgumentValue])
    /// A string that fits.
    case matches(NamePattern)
    /// A number not below the one and not above the other.
    case between(DecimalNumber?, DecimalNumber?)
    /// A path in a folder, or the folder itself.
    case under(PlainPath)

    /// In words.
    public var description: String {
        switch self {
        case .oneOf(let values): "is \(values.map(\.description).joined(separator: " or "))"
        case .matches(let pattern): "fits \(pattern)"
        case .between(let least?, let most?): "is from \(least) to \(most)"
        case .between(let least?, nil): "is at least \(least)"
        case .between(nil, let most?): "is at most \(most)"
        case .between(nil, nil): "is a number"
        case .under(let folder): "is a path under \(folder)"
        }
    }

    /// Whether a value that is no list and not null is so.
    func judge(_ value: JSONValue) -> Judgement {
        switch self {
        case .oneOf(let values): return values.reduce(.no) { max($0, $1.judge(value)) }
        case .matches(let pattern): return value.string.map { pattern.matches($0) ? .yes : .no } ?? .unknown
        case .between(let least, let most):
            guard let number = value.numberText.flatMap({ DecimalNumber($0) }) else { return .unknown }
            return least.map { number >= $0 } ?? true && most.map { number <= $0 } ?? true ? .yes : .no
        case .under(let folder):
            guard let path = value.string.flatMap({ PlainPath($0) }) else { return .unknown }
            return folder.contains(path)
        }
    }
}

/// A value to compare with. Strings are compared byte for byte, numbers by value: 1, 1.0 and 1e0 are one.
public enum ArgumentValue: Sendable, Hashable, CustomStringConvertible {
    case text(ExactText)
    case number(DecimalNumber)
    case bool(Bool)

    /// As JSON would have it, but for what it escapes.
    public var description: String {
        switch self {
        case .text(let text): "\"\(text)\""
        case .number(let number): number.description
        case .bool(let value): value ? "true" : "false"
        }
    }

    /// Whether a value is this.
    func judge(_ value: JSONValue) -> Judgement {
        switch self {
        case .text(let text): return value.kind == .string ? value.isString(text.description) ? .yes : .no : .unknown
        case .number(let wanted):
            guard let number = value.numberText.flatMap({ DecimalNumber($0) }) else { return .unknown }
            return number == wanted ? .yes : .no
        case .bool(let wanted): return value.bool.map { $0 == wanted ? .yes : .no } ?? .unknown
        }
    }
}

/// A path that everybody reads in the same way, so that what stands at its beginning says where it leads.
///
/// 1. No segment is empty, `.` or `..`, also where a `;` and parameters follow; one slash may stand at the end.
/// 2. There is no `%`, because one server decodes it and another does not, no backslash, and no control character.
/// A path that is otherwise is not made plain: what a server makes of it is not known here.
public struct PlainPath: Sendable, Hashable, CustomStringConvertible {
    /// Without a slash at its end, unless it is the root.
    public let description: String
    private let isAbsolute: Bool
    private static let slash = UInt8(ascii: "/")

    /// A path; nil for one that could be read in more than one way, and for none at all.
    public init?(_ text: String) {
        var bytes = Array(text.utf8)[...]
        if bytes.count > 1, bytes.last == Self.slash {
            bytes.removeLast()
            guard bytes.last != Self.slash else { return nil }
        }
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 > 0x1F && $0 != 0x7F && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "\\") }) else {
            return nil
        }
        description = String(decoding: bytes, as: UTF8.self)
        isAbsolute = bytes.first == Self.slash
        if isAbsolute { bytes.removeFirst() }
        guard !bytes.isEmpty else { return }
        for segment in bytes.split(separator: Self.slash, omittingEmptySubsequences: false) {
            let name = segment.prefix { $0 != UInt8(ascii: ";") }
            guard !name.isEmpty, !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else { return nil }
        }
    }

    /// Whether another path is this one or leads into it; where a relative path begins is not known here.
    func contains(_ other: PlainPath) -> Judgement {
        guard isAbsolute == other.isAbsolute else { return .unknown }
        let (folder, path) = (description.utf8, other.description.utf8)
        guard path.starts(with: folder) else { return .no }
        let isInside = path.count == folder.count || folder.last == Self.slash || path.dropFirst(folder.count).first == Self.slash
        return isInside ? .yes : .no
    }

    /// Equal where the bytes are.
    public static func == (a: PlainPath, b: PlainPath) -> Bool { a.description.utf8.elementsEqual(b.description.utf8) }
    /// The text.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
