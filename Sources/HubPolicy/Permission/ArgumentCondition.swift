import HubCore

/// What one argument of a call must be for a rule to fit.
///
/// 1. What the caller sends is looked at, before the configuration's own values are filled in.
/// 2. An argument that is not there, or null, does not fit.
/// 3. A list fits a rule that allows where it is not empty and each element fits, and one that denies where any element does.
/// 4. A value that cannot be judged fits a rule that denies, and none that allows.
public struct ArgumentCondition: Sendable, Hashable, CustomStringConvertible {
    /// Where the argument is.
    public var path: ArgumentPath
    /// What it must be.
    public var test: ArgumentTest

    /// A condition.
    public init(path: ArgumentPath, test: ArgumentTest) {
        self.path = path
        self.test = test
    }

    /// In words.
    public var description: String { "\(path) \(test)" }

    /// Whether the arguments fit a rule of this effect.
    func fits(_ arguments: JSONValue?, _ effect: AccessRule.Effect) -> Bool {
        let judgement = judge(arguments, step: 0, effect)
        switch effect {
        case .allow: return judgement == .yes
        case .deny: return judgement != .no
        }
    }

    /// Goes along the path. As deep as the arguments are, which their parser bounds; no value is looked at twice.
    private func judge(_ value: JSONValue?, step: Int, _ effect: AccessRule.Effect) -> Judgement {
        guard let value, !value.isNull else { return .no }
        let next = step < path.steps.count ? path.steps[step] : nil
        if value.kind == .array {
            guard let index = next?.index else { return judge(each: value, step: step, effect) }
            var elements = value.elements
            for _ in 0..<min(index, value.count) { _ = elements.next() }
            return judge(index < value.count ? elements.next() : nil, step: step + 1, effect)
        }
        guard let next else { return test.judge(value) }
        // Some servers take text for what is in it: that there is nothing at the path is not known.
        guard value.kind == .object else { return .unknown }
        return judge(value[next.name], step: step + 1, effect)
    }

    private func judge(each list: JSONValue, step: Int, _ effect: AccessRule.Effect) -> Judgement {
        var (all, any) = (list.count > 0 ? Judgement.yes : .no, Judgement.no)
        for element in list.elements {
            let judgement = judge(element, step: step, effect)
            (all, any) = (min(all, judgement), max(any, judgement))
        }
        return effect == .allow ? all : any
    }
}

/// Whether something is so.
enum Judgement: Int, Sendable, Hashable, Comparable {
    case no
    /// It cannot be told.
    case unknown
    case yes

    static func < (a: Judgement, b: Judgement) -> Bool { a.rawValue < b.rawValue }
}

/// Where an argument is: a JSON pointer (RFC 6901), which begins with `/`, or names with dots between them. A number is an element of a list,
/// any other name stands for that member of each.
///
/// A dot always leads into an object: were `a.b` a member's own name as well, a caller could send both, and one would be judged and the other
/// used. A name with a dot in it is written as a pointer.
public struct ArgumentPath: Sendable, Hashable, CustomStringConvertible {
    /// One name of it.
    struct Step: Sendable, Hashable {
        var name: String
        var index: Int?

        init(_ name: String) {
            self.name = name
            let isNumber = (1...9).contains(name.utf8.count) && name.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
            index = isNumber && (name == "0" || !name.hasPrefix("0")) ? Int(name) : nil
        }
    }

    /// As it was written.
    public let description: String
    let steps: [Step]

    /// A path; nil for one that is empty, longer than 256 bytes, deeper than 16 names, has an empty name between dots, or is no pointer.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 256 else { return nil }
        var names: [String] = []
        if text.hasPrefix("/") {
            for token in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
                guard let name = Self.unescaped(token) else { return nil }
                names.append(name)
            }
        } else {
            names = text.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
            guard !names.contains("") else { return nil }
        }
        guard names.count <= 16 else { return nil }
        description = text
        steps = names.map { Step($0) }
    }

    private static func unescaped(_ token: Substring) -> String? {
        var name: [UInt8] = []
        var bytes = token.utf8.makeIterator()
        while let byte = bytes.next() {
            guard byte == UInt8(ascii: "~") else {
                name.append(byte)
                continue
            }
            switch bytes.next() {
            case UInt8(ascii: "0"): name.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): name.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// Equal where the bytes are.
    public static func == (a: ArgumentPath, b: ArgumentPath) -> Bool { a.description.utf8.elementsEqual(b.description.utf8) }
    /// The text.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
