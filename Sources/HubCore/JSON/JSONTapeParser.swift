/// Turns UTF-8 bytes into a tape in one pass, without recursion, refusing all that RFC 8259 refuses.
///
/// Strings are checked as UTF-8 while they are skipped, eight plain bytes at a time; numbers are checked and never
/// converted. The bytes are reached through `Span`, so that a mistake here traps instead of reading a neighbour's memory.
struct JSONTapeParser {
    private(set) var tape: [JSONTapeEntry] = []
    private var position = 0
    private var open: [(entry: UInt32, count: UInt32)] = []
    private let limits: JSONLimits

    init(limits: JSONLimits) {
        self.limits = limits
    }

    private enum Expectation {
        case value
        case valueOrArrayEnd
        case key
        case keyOrObjectEnd
        case separatorOrEnd
    }

    mutating func parse(_ bytes: Span<UInt8>) throws(JSONParseError) {
        guard bytes.count <= limits.maximumBytes else { throw JSONParseError(reason: .tooLarge, offset: limits.maximumBytes) }
        tape.reserveCapacity(min(bytes.count / 6 + 4, limits.maximumValues))
        var expectation = Expectation.value
        while true {
            skipWhitespace(bytes)
            guard position < bytes.count else { throw error(.unexpectedEnd) }
            let byte = bytes[position]
            switch expectation {
            case .valueOrArrayEnd where byte == UInt8(ascii: "]"), .keyOrObjectEnd where byte == UInt8(ascii: "}"):
                try closeContainer(bytes)
                expectation = .separatorOrEnd
            case .value, .valueOrArrayEnd:
                expectation = try parseValue(byte, bytes)
            case .key, .keyOrObjectEnd:
                guard byte == UInt8(ascii: "\"") else { throw error(.unexpectedByte) }
                try parseString(bytes)
                skipWhitespace(bytes)
                guard position < bytes.count else { throw error(.unexpectedEnd) }
                guard bytes[position] == UInt8(ascii: ":") else { throw error(.unexpectedByte) }
                position += 1
                expectation = .value
            case .separatorOrEnd:
                expectation = try parseSeparator(byte, bytes)
            }
            if expectation == .separatorOrEnd, open.isEmpty {
                skipWhitespace(bytes)
                guard position == bytes.count else { throw error(.trailingBytes) }
                return
            }
        }
    }

    private mutating func parseValue(_ byte: UInt8, _ bytes: Span<UInt8>) throws(JSONParseError) -> Expectation {
        if let index = open.indices.last { open[index].count &+= 1 }
        switch byte {
        case UInt8(ascii: "{"):
            try openContainer(.object)
            return .keyOrObjectEnd
        case UInt8(ascii: "["):
            try openContainer(.array)
            return .valueOrArrayEnd
        case UInt8(ascii: "\""):
            try parseString(bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try parseNumber(bytes)
        case UInt8(ascii: "t"):
            try parseLiteral("true", .true, bytes)
        case UInt8(ascii: "f"):
            try parseLiteral("false", .false, bytes)
        case UInt8(ascii: "n"):
            try parseLiteral("null", .null, bytes)
        default:
            throw error(.unexpectedByte)
        }
        return .separatorOrEnd
    }

    private mutating func parseSeparator(_ byte: UInt8, _ bytes: Span<UInt8>) throws(JSONParseError) -> Expectation {
        guard let container = open.last else { throw error(.trailingBytes) }
        let isObject = tape[Int(container.entry)].kind == .object
        switch byte {
        case UInt8(ascii: ","):
            position += 1
            return isObject ? .key : .value
        case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
            try closeContainer(bytes)
            return .separatorOrEnd
        default:
            throw error(.unexpectedByte)
        }
    }

    // MARK: Containers

    private mutating func openContainer(_ kind: JSONKind) throws(JSONParseError) {
        guard open.count < limits.maximumDepth else { throw error(.tooDeep) }
        open.append((UInt32(truncatingIfNeeded: tape.count), 0))
        try append(JSONTapeEntry(kind: kind, start: position, end: position, next: 0))
        position += 1
    }

    private mutating func closeContainer(_ bytes: Span<UInt8>) throws(JSONParseError) {
        guard let container = open.popLast() else { throw error(.unexpectedByte) }
        let index = Int(container.entry)
        position += 1
        tape[index].close(end: position, next: tape.count, count: Int(container.count))
        if tape[index].kind == .object, limits.duplicateKeys == .refuse, container.count > 1 {
            try refuseDuplicateKeys(of: index, count: Int(container.count), bytes)
        }
    }

    /// Up to eight names are compared with each other; more are sorted by a seeded hash, so that no text makes this quadratic.
    private func refuseDuplicateKeys(of object: Int, count: Int, _ bytes: Span<UInt8>) throws(JSONParseError) {
        var keys: [(hash: Int, entry: Int)] = []
        keys.reserveCapacity(count)
        var index = object + 1
        while index < Int(tape[object].next) {
            keys.append((count > 8 ? hash(of: tape[index], bytes) : 0, index))
            index = Int(tape[index + 1].next)
        }
        if count > 8 { keys.sort { ($0.hash, $0.entry) < ($1.hash, $1.entry) } }
        for later in keys.indices.dropFirst() {
            var earlier = later - 1
            while earlier >= 0, keys[earlier].hash == keys[later].hash {
                if isSameName(tape[keys[earlier].entry], tape[keys[later].entry], bytes) {
                    throw JSONParseError(reason: .duplicateKey, offset: Int(tape[keys[later].entry].start))
                }
                earlier -= 1
            }
        }
    }

    private func hash(of key: JSONTapeEntry, _ bytes: Span<UInt8>) -> Int {
        var hasher = Hasher()
        if key.hasEscapes {
            for byte in JSONString.unescape(bytes, from: Int(key.start), to: Int(key.end)) { hasher.combine(byte) }
        } else {
            for index in Int(key.start)..<Int(key.end) { hasher.combine(bytes[index]) }
        }
        return hasher.finalize()
    }

    private func isSameName(_ a: JSONTapeEntry, _ b: JSONTapeEntry, _ bytes: Span<UInt8>) -> Bool {
        if a.hasEscapes || b.hasEscapes {
            return JSONString.unescape(bytes, from: Int(a.start), to: Int(a.end))
                == JSONString.unescape(bytes, from: Int(b.start), to: Int(b.end))
        }
        guard a.length == b.length else { return false }
        for offset in 0..<a.length where bytes[Int(a.start) + offset] != bytes[Int(b.start) + offset] { return false }
        return true
    }

    // MARK: Scalars

    private mutating func parseString(_ bytes: Span<UInt8>) throws(JSONParseError) {
        position += 1
        let start = position
        var hasEscapes = false
        while true {
            skipPlainBytes(bytes)
            guard position < bytes.count else { throw error(.unexpectedEnd) }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                try append(JSONTapeEntry(kind: .string, start: start, end: position, next: tape.count + 1, hasEscapes: hasEscapes))
                position += 1
                return
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try parseEscape(bytes)
            case 0..<0x20:
                throw error(.controlCharacter)
            case 0x80...:
                guard let length = UTF8Sequence.length(bytes, at: position) else { throw error(.badUTF8) }
                position += length
            default:
                position += 1
            }
        }
    }

    /// Skips bytes that are ASCII, no control character, quote or backslash: eight at a time while there are eight.
    private mutating func skipPlainBytes(_ bytes: Span<UInt8>) {
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = unsafe bytes.bytes  // bytes have no padding
        while position &+ 8 <= bytes.count {
            let word = unsafe UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            let special = (word | SpecialBytes.mask(word)) & highs
            guard special == 0 else {
                position &+= special.trailingZeroBitCount / 8
                return
            }
            position &+= 8
        }
    }

    private mutating func parseEscape(_ bytes: Span<UInt8>) throws(JSONParseError) {
        guard position + 1 < bytes.count else { throw error(.unexpectedEnd) }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            let first = try hexDigits(bytes, at: position + 2)
            switch first {
            case 0xDC00...0xDFFF:
                throw error(.loneSurrogate)
            case 0xD800...0xDBFF:
                guard position + 7 < bytes.count, bytes[position + 6] == UInt8(ascii: "\\"), bytes[position + 7] == UInt8(ascii: "u")
                else { throw error(.loneSurrogate) }
                let second = try hexDigits(bytes, at: position + 8)
                guard (0xDC00...0xDFFF).contains(second) else { throw error(.loneSurrogate) }
                position += 12
            default:
                position += 6
            }
        default:
            throw error(.badEscape)
        }
    }

    private func hexDigits(_ bytes: Span<UInt8>, at offset: Int) throws(JSONParseError) -> UInt32 {
        guard offset + 4 <= bytes.count else { throw JSONParseError(reason: .unexpectedEnd, offset: bytes.count) }
        guard let value = JSONString.hexValue(bytes, at: offset) else { throw error(.badEscape) }
        return value
    }

    private mutating func parseNumber(_ bytes: Span<UInt8>) throws(JSONParseError) {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        guard position < bytes.count else { throw error(.unexpectedEnd) }
        if bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try skipDigits(bytes)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try skipDigits(bytes)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") { position += 1 }
            try skipDigits(bytes)
        }
        try append(JSONTapeEntry(kind: .number, start: start, end: position, next: tape.count + 1))
    }

    private mutating func skipDigits(_ bytes: Span<UInt8>) throws(JSONParseError) {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > start else { throw error(position < bytes.count ? .badNumber : .unexpectedEnd) }
    }

    private mutating func parseLiteral(_ literal: StaticString, _ kind: JSONKind, _ bytes: Span<UInt8>) throws(JSONParseError) {
        let start = position
        let length = literal.utf8CodeUnitCount
        for offset in 0..<length {
            guard start + offset < bytes.count else { throw JSONParseError(reason: .unexpectedEnd, offset: bytes.count) }
            let expected = unsafe literal.utf8Start[offset]  // offset < utf8CodeUnitCount
            guard bytes[start + offset] == expected else {
                throw JSONParseError(reason: .unexpectedByte, offset: start + offset)
            }
        }
        position = start + length
        try append(JSONTapeEntry(kind: kind, start: start, end: position, next: tape.count + 1))
    }

    // MARK: Bytes

    private mutating func append(_ entry: JSONTapeEntry) throws(JSONParseError) {
        guard tape.count < limits.maximumValues else { throw error(.tooManyValues) }
        tape.append(entry)
    }

    private mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private func error(_ reason: JSONParseError.Reason) -> JSONParseError {
        JSONParseError(reason: reason, offset: position)
    }
}

/// Well-formed UTF-8 sequences (Unicode 15, table 3-7).
enum UTF8Sequence {
    /// The length of the multi-byte sequence that starts at `offset`, or nil if it is not well formed.
    static func length(_ bytes: Span<UInt8>, at offset: Int) -> Int? {
        let second: ClosedRange<UInt8>
        let length: Int
        switch bytes[offset] {
        case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
        case 0xE0: (second, length) = (0xA0...0xBF, 3)
        case 0xE1...0xEC, 0xEE...0xEF: (second, length) = (0x80...0xBF, 3)
        case 0xED: (second, length) = (0x80...0x9F, 3)
        case 0xF0: (second, length) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
        case 0xF4: (second, length) = (0x80...0x8F, 4)
        default: return nil
        }
        guard offset + length <= bytes.count, second.contains(bytes[offset + 1]) else { return nil }
        for index in (offset + 2)..<(offset + max(length, 2)) where !(0x80...0xBF).contains(bytes[index]) { return nil }
        return length
    }

    /// Whether all of `bytes` is well-formed UTF-8.
    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            if bytes[index] < 0x80 {
                index += 1
            } else {
                guard let length = length(bytes, at: index) else { return false }
                index += length
            }
        }
        return true
    }
}
