/// The names of the tools of a hub, by server: whose name a tool has, or looks like, and whose tools a description speaks of.
///
/// Made once for a set of tools, after any change of them; a look-up takes the same time however many there are.
public struct DefinitionNeighbours: Sendable {
    /// Nobody.
    public static let none = DefinitionNeighbours([])

    /// One name is remembered for so many servers; who asks needs one that is not its own, and perhaps its own.
    private static let ownersPerName = 4

    struct Owner: Sendable {
        var server: String
        var name: String
    }

    private var exact: [ExactText: [Owner]] = [:]
    /// From so many letters and digits on, a name that is written otherwise is the same.
    private static let shortestLooseName = 8
    private var loose: [ExactText: [Owner]] = [:]
    private var skeletons: [ExactText: [Owner]] = [:]
    private var servers: Set<ExactText> = []

    /// The neighbours of every server.
    ///
    /// - Parameter tools: the servers, each with the names of its tools as it gave them.
    public init(_ tools: some Sequence<(server: String, names: [String])>) {
        for (server, names) in tools {
            servers.insert(ExactText(server))
            for name in names {
                let owner = Owner(server: server, name: name)
                Self.add(owner, to: &exact[ExactText(name), default: []])
                Self.add(owner, to: &loose[NameForm.loose(name), default: []])
                Self.add(owner, to: &skeletons[NameForm.skeleton(name), default: []])
            }
        }
    }

    private static func add(_ owner: Owner, to owners: inout [Owner]) {
        guard owners.count < ownersPerName, !owners.contains(where: { isSame($0.server, owner.server) && isSame($0.name, owner.name) })
        else { return }
        owners.append(owner)
    }

    /// Strings of Swift are equal where they look the same; these are where they are.
    private static func isSame(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

    /// Another server's tool of this very name.
    func twin(of name: String, at server: String) -> Owner? {
        exact[ExactText(name)]?.first { !Self.isSame($0.server, server) }
    }

    /// A tool whose name looks like this one and is another; not one that differs in capitals and separators alone.
    func lookAlike(of name: String, at server: String) -> Owner? {
        guard let owners = skeletons[NameForm.skeleton(name)] else { return nil }
        let form = NameForm.loose(name)
        return owners.first { NameForm.loose($0.name) != form }
    }

    /// The server that a name claims to be of: the beginning of `github__create_issue`, where another server is called so.
    func claimedServer(in name: String, at server: String) -> String? {
        for separator in ["__", "/", ".", ":"] {
            guard let end = name.firstRange(of: separator)?.lowerBound else { continue }
            let prefix = String(name[..<end])
            if servers.contains(ExactText(prefix)), !Self.isSame(prefix, server) { return prefix }
        }
        return nil
    }

    /// Whose tool a word of a text is: nil where nobody's, or one of the same server's. `sendEmail` is `send_email`; short names are alike by
    /// chance among thousands of tools, so that `getMe` is not `get_me`.
    func stranger(_ word: String, at server: String) -> Owner? {
        guard !isOwn(word, at: server) else { return nil }
        if let owners = exact[ExactText(word)] { return owners.first }
        let form = NameForm.loose(word)
        return form.description.utf8.count >= Self.shortestLooseName ? loose[form]?.first : nil
    }

    /// Whether a word is a tool of the same server.
    func isOwn(_ word: String, at server: String) -> Bool {
        loose[NameForm.loose(word)]?.contains { Self.isSame($0.server, server) } == true
    }
}

/// Names, as far as eyes tell them apart.
enum NameForm {
    /// Small letters and digits alone: `sendEmail` and `send-email` are one.
    static func loose(_ name: String) -> ExactText {
        var bytes: [UInt8] = []
        for scalar in name.unicodeScalars where HiddenCharacter(scalar) == nil {
            switch scalar {
            case "a"..."z", "0"..."9": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            case "A"..."Z": bytes.append(UInt8(truncatingIfNeeded: scalar.value | 0x20))
            case "_", "-", ".", " ", "/", ":": break
            default: bytes += UTF8.encode(scalar).map(Array.init) ?? []
            }
        }
        return ExactText(String(decoding: bytes, as: UTF8.self))
    }

    /// The loose form with one letter for all that look like it (UTS #39 §4): other scripts, accents, `0` and `O`, `1` and `l`, `rn` and `m`.
    static func skeleton(_ name: String) -> ExactText {
        var bytes: [UInt8] = []
        for scalar in name.unicodeScalars where HiddenCharacter(scalar) == nil {
            if scalar.properties.generalCategory == .nonspacingMark { continue }
            if let look = LookAlikes.find(scalar) {
                bytes += look.text.utf8.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
            } else {
                LetterFolding.append(scalar, to: &bytes)
            }
        }
        var result: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0"): result.append(UInt8(ascii: "o"))
            case UInt8(ascii: "1"), UInt8(ascii: "i"), UInt8(ascii: "|"): result.append(UInt8(ascii: "l"))
            case UInt8(ascii: "5"): result.append(UInt8(ascii: "s"))
            case UInt8(ascii: "n") where result.last == UInt8(ascii: "r"): result[result.count - 1] = UInt8(ascii: "m")
            case UInt8(ascii: "v") where result.last == UInt8(ascii: "v"): result[result.count - 1] = UInt8(ascii: "w")
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: " "), UInt8(ascii: "/"), UInt8(ascii: ":"): break
            default: result.append(byte)
            }
        }
        return ExactText(String(decoding: result, as: UTF8.self))
    }
}
