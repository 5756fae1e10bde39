/// Takes the markup out of one text; a state machine over its characters, linear in their number.
struct MarkupStripper {
    private static let tags: Set<String> = [
        "p", "br", "b", "i", "u", "s", "strong", "em", "code", "pre", "a", "ul", "ol", "li", "table", "tr", "td", "th", "thead", "tbody",
        "span",
        "div", "h1", "h2", "h3", "h4", "h5", "h6", "img", "hr", "blockquote", "sub", "sup", "small", "font", "center", "dl", "dt", "dd",
        "section", "details", "summary", "tt", "kbd", "var",
    ]
    private static let entities: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "mdash": "—", "ndash": "–", "hellip": "…", "rsquo": "’",
    ]

    private let source: [Unicode.Scalar]
    private var index = 0
    private var result: [Unicode.Scalar] = []
    private var isLineStart = true
    private var closingStar = -1

    init(_ source: [Unicode.Scalar]) {
        self.source = source
    }

    /// The prose, with single spaces.
    mutating func strip() -> [Unicode.Scalar] {
        result.reserveCapacity(source.count)
        while index < source.count { step() }
        if result.last == " " { result.removeLast() }
        return result
    }

    private mutating func step() {
        let scalar = source[index]
        switch scalar {
        case "\n", "\r":
            endLine()
            return
        case "<":
            if skipTag() { return }
        case "&":
            if readEntity() { return }
        case "`":
            skipTicks()
            return
        case "*":
            if skipStars() { return }
        case "#" where isLineStart:
            while index < source.count, source[index] == "#" { index += 1 }
            return
        case "|" where isLineStart:
            skipLine()
            return
        case "!" where peek(1) == "[", "[":
            if readLink() { return }
        case "\\":
            if let next = peek(1), " \n_*[]#<>`-.!|".unicodeScalars.contains(next) { index += 1 }
            append(source[index])
            index += 1
            return
        default: break
        }
        append(scalar)
        index += 1
    }

    private func peek(_ distance: Int) -> Unicode.Scalar? {
        index + distance < source.count ? source[index + distance] : nil
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        let isSpace = scalar.value <= 0x20 || (0x7F...0xA0).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
        if isSpace {
            if let last = result.last, last != " " { result.append(" ") }
        } else {
            result.append(scalar)
            isLineStart = false
        }
    }

    private mutating func endLine() {
        var lines = 0
        while index < source.count, source[index].properties.isWhitespace {
            if source[index] == "\n" { lines += 1 }
            index += 1
        }
        // A paragraph that ends without a full stop, such as a heading, is a sentence of its own.
        if lines > 1, index < source.count, let last = result.last(where: { $0 != " " }), last.properties.isAlphabetic || last == ")" {
            if result.last == " " { result.removeLast() }
            result.append(".")
        }
        append(" ")
        isLineStart = true
    }

    private mutating func skipLine() {
        while index < source.count, source[index] != "\n" { index += 1 }
    }

    private mutating func skipTag() -> Bool {
        if peek(1) == "!", peek(2) == "-", peek(3) == "-" {
            while index < source.count, !(source[index] == ">" && source[index - 1] == "-") { index += 1 }
            index = min(index + 1, source.count)
            return true
        }
        var end = index + 1
        if end < source.count, source[end] == "/" { end += 1 }
        var name = ""
        while end < source.count, name.utf8.count < 12, source[end].isASCII,
            source[end].properties.isAlphabetic || ("1"..."6").contains(source[end])
        {
            name.unicodeScalars.append(source[end])
            end += 1
        }
        guard Self.tags.contains(name.lowercased()), end < source.count, source[end] == ">" || source[end] == " " || source[end] == "/",
            let close = source[end..<min(end + 400, source.count)].firstIndex(of: ">")
        else { return false }
        index = close + 1
        if !["b", "i", "u", "s", "strong", "em", "code", "a", "span", "font", "sub", "sup", "tt", "kbd", "var"].contains(name.lowercased())
        {
            append(" ")
        }
        return true
    }

    private mutating func readEntity() -> Bool {
        guard let semicolon = source[index..<min(index + 10, source.count)].firstIndex(of: ";") else { return false }
        var name = ""
        name.unicodeScalars.append(contentsOf: source[(index + 1)..<semicolon])
        let scalar: Unicode.Scalar?
        if name.hasPrefix("#x") || name.hasPrefix("#X") {
            scalar = UInt32(name.dropFirst(2), radix: 16).flatMap { Unicode.Scalar($0) }
        } else if name.hasPrefix("#") {
            scalar = UInt32(name.dropFirst()).flatMap { Unicode.Scalar($0) }
        } else {
            scalar = Self.entities[name]
        }
        guard let scalar else { return false }
        append(scalar)
        index = semicolon + 1
        return true
    }

    private mutating func skipTicks() {
        guard peek(1) == "`", peek(2) == "`" else {
            index += 1
            return
        }
        // A fenced block is a listing, not prose.
        index += 3
        while index < source.count, !(source[index] == "`" && peek(1) == "`" && peek(2) == "`") { index += 1 }
        index = min(index + 3, source.count)
        append(" ")
    }

    private mutating func skipStars() -> Bool {
        if peek(1) == "*" {
            while index < source.count, source[index] == "*" { index += 1 }
            return true
        }
        if index == closingStar || (isLineStart && peek(1) == " ") || opensEmphasis() {
            index += 1
            return true
        }
        return false
    }

    /// Whether the star here and a later one on the line enclose words.
    private mutating func opensEmphasis() -> Bool {
        if let last = result.last, last.properties.isAlphabetic || last.properties.numericType != nil { return false }
        guard let next = peek(1), next.properties.isAlphabetic || next.properties.numericType != nil else { return false }
        for end in (index + 2)..<max(index + 2, min(index + 100, source.count)) {
            if source[end] == "\n" { return false }
            if source[end] == "*" {
                guard source[end - 1] != " " else { return false }
                closingStar = end
                return true
            }
        }
        return false
    }

    private mutating func readLink() -> Bool {
        let isImage = source[index] == "!"
        let start = index + (isImage ? 2 : 1)
        guard start < source.count, let end = source[start..<min(start + 300, source.count)].firstIndex(of: "]"), end + 1 < source.count,
            source[end + 1] == "(", let close = source[(end + 1)..<min(end + 600, source.count)].firstIndex(of: ")")
        else { return false }
        if !isImage {
            for scalar in source[start..<end] where scalar != "`" && scalar != "*" { append(scalar) }
        }
        index = close + 1
        return true
    }
}
