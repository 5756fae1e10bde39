/// Splits a command line into words as a POSIX shell does, with `$'…'` of bash; nothing is expanded or run.
struct ShellWords {
    /// The words up to the first operator.
    private(set) var words: [String] = []
    /// What follows the first `|`, `;`, `&`, `<` or `>`, which is not read.
    private(set) var isCutOff = false

    private var rest: Substring.UnicodeScalarView
    private var word = String.UnicodeScalarView()
    private var isOpen = false

    /// - Throws: `CommandFailure` where a quote is not closed.
    init(_ line: String) throws(CommandFailure) {
        rest = line[...].unicodeScalars
        while let scalar = rest.popFirst() {
            switch scalar {
            case " ", "\t", "\n", "\r":
                close()
            case "'":
                append(try quoted(until: "'"))
            case "\"":
                try readDoubleQuoted()
            case "$" where rest.first == "'":
                rest.removeFirst()
                try readANSIQuoted()
            case "\\":
                readEscaped()
            case "#" where !isOpen:
                while let next = rest.first, next != "\n" { rest.removeFirst() }
            case "|", ";", "&", "<", ">":
                close()
                isCutOff = true
                return
            default:
                append(scalar)
            }
        }
        close()
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        word.append(scalar)
        isOpen = true
    }

    private mutating func append(_ scalars: Substring.UnicodeScalarView) {
        word.append(contentsOf: scalars)
        isOpen = true
    }

    private mutating func close() {
        if isOpen { words.append(String(word)) }
        word = String.UnicodeScalarView()
        isOpen = false
    }

    private mutating func quoted(until end: Unicode.Scalar) throws(CommandFailure) -> Substring.UnicodeScalarView {
        guard let close = rest.firstIndex(of: end) else { throw CommandFailure("a \(end) of the command line is not closed") }
        let content = rest[..<close]
        rest = rest[rest.index(after: close)...]
        return content
    }

    // A backslash before a line break joins lines, also where the break is that of Windows.
    private mutating func readEscaped() {
        if rest.first == "\r" { rest.removeFirst() }
        guard let scalar = rest.popFirst() else { return append("\\") }
        if scalar != "\n" { append(scalar) }
    }

    private mutating func readDoubleQuoted() throws(CommandFailure) {
        isOpen = true
        while let scalar = rest.popFirst() {
            if scalar == "\"" { return }
            if scalar == "\\", let next = rest.first, "$`\"\\\n".unicodeScalars.contains(next) {
                rest.removeFirst()
                if next != "\n" { append(next) }
            } else {
                append(scalar)
            }
        }
        throw CommandFailure("a \" of the command line is not closed")
    }

    private mutating func readANSIQuoted() throws(CommandFailure) {
        isOpen = true
        var bytes: [UInt8] = []
        // Escapes give bytes, which are UTF-8 only together.
        while let scalar = rest.popFirst() {
            if scalar == "'" {
                word.append(contentsOf: String(decoding: bytes, as: UTF8.self).unicodeScalars)
                return
            }
            guard scalar == "\\", let kind = rest.popFirst() else {
                bytes.append(contentsOf: Array(String(scalar).utf8))
                continue
            }
            switch kind {
            case "n": bytes.append(0x0A)
            case "r": bytes.append(0x0D)
            case "t": bytes.append(0x09)
            case "a": bytes.append(0x07)
            case "b": bytes.append(0x08)
            case "e", "E": bytes.append(0x1B)
            case "f": bytes.append(0x0C)
            case "v": bytes.append(0x0B)
            case "x": bytes.append(UInt8(truncatingIfNeeded: number(radix: 16, digits: 2) ?? 0x78))
            case "u", "U":
                let code = number(radix: 16, digits: kind == "u" ? 4 : 8).flatMap { Unicode.Scalar(UInt32(truncatingIfNeeded: $0)) }
                bytes.append(contentsOf: Array(String(code ?? "\u{FFFD}").utf8))
            case "0"..."7":
                let first = Int(kind.value) - 0x30
                let more = number(radix: 8, digits: 2, from: first) ?? first
                bytes.append(UInt8(truncatingIfNeeded: more))
            default: bytes.append(contentsOf: Array(String(kind).utf8))
            }
        }
        throw CommandFailure("a $' of the command line is not closed")
    }

    private mutating func number(radix: Int, digits: Int, from start: Int = 0) -> Int? {
        var value: Int? = start == 0 ? nil : start
        var count = 0
        while count < digits, let digit = rest.first.flatMap({ Character($0).hexDigitValue }), digit < radix {
            value = (value ?? 0) * radix + digit
            rest.removeFirst()
            count += 1
        }
        return value
    }
}
