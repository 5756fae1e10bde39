import HubCore

extension SimplePlan {
    /// Writes text out of a message as the JSON value it stands for; text that the type does not have stays text.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - prefixes: What the prefixes of names mean.
    ///   - json: Takes the value.
    func write(_ text: String, prefixes: XMLPrefixes, to json: inout JSONWriter) {
        switch kind {
        case .scalar: json.string(text)
        case .string: json.string(normalized(text))
        case .boolean:
            switch Self.collapsed(text) {
            case "true", "1": json.bool(true)
            case "false", "0": json.bool(false)
            default: json.string(text)
            }
        case .integer:
            guard let number = NumberText(text), number.isInteger else { return json.string(text) }
            writeExactly(number, text, to: &json)
        case .decimal:
            guard let number = NumberText(text), !number.hasExponent else { return json.string(text) }
            writeExactly(number, text, to: &json)
        case .float:
            guard let number = NumberText(text), Double(number.json)?.isFinite == true else { return json.string(Self.collapsed(text)) }
            json.raw(number.json)
        case .base64: json.string(String(decoding: text.utf8.filter { !XMLText.isSpace($0) }, as: UTF8.self))
        case .hexadecimal: json.string(HexadecimalText.bytes(Self.collapsed(text)).map { Base64.encode($0) } ?? text)
        case .name:
            guard let name = prefixes.resolve(qname: text, usesDefault: true) else { return json.string(Self.collapsed(text)) }
            json.string(name.namespace.isEmpty ? name.local : "{\(name.namespace)}\(name.local)")
        case .list(let item):
            json.beginArray()
            _ = Self.forEachWord(of: text) {
                item.write($0, prefixes: prefixes, to: &json)
                return true
            }
            json.endArray()
        case .union(let members):
            guard let member = members.first(where: { $0.fits(text) }) else { return json.string(text) }
            member.write(text, prefixes: prefixes, to: &json)
        }
    }

    // A number of more digits than a double keeps becomes a string, so that no reader of the JSON rounds it.
    private func writeExactly(_ number: NumberText, _ text: String, to json: inout JSONWriter) {
        if number.significantDigits <= Self.exactDigits { json.raw(number.json) } else { json.string(Self.collapsed(text)) }
    }

    /// Whether text may be a value of this type, so far as that decides between the members of a union.
    func fits(_ text: String) -> Bool {
        if !enumeration.isEmpty, !enumeration.contains(normalized(text)) { return false }
        switch kind {
        case .scalar, .string: return true
        case .boolean: return ["true", "false", "1", "0"].contains(Self.collapsed(text))
        case .integer: return NumberText(text)?.isInteger == true
        case .decimal: return NumberText(text)?.hasExponent == false
        case .float: return NumberText(text) != nil || Self.specialNumbers.contains(Self.collapsed(text))
        case .base64: return Base64.decode(utf8: text.utf8.filter { $0 > 0x20 }) != nil
        case .hexadecimal: return HexadecimalText.bytes(Self.collapsed(text)) != nil
        case .name: return text.utf8.contains(UInt8(ascii: ":"))
        case .list(let item): return Self.forEachWord(of: text) { item.fits($0) }
        case .union(let members): return members.contains { $0.fits(text) }
        }
    }

    /// What `float` and `double` have beside numbers.
    static let specialNumbers = ["INF", "-INF", "NaN"]
}

/// Bytes as `hexBinary` writes them.
enum HexadecimalText {
    /// The bytes; nil where the text is something else.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let upper = high {
                bytes.append(upper << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? bytes : nil
    }

    /// The text.
    static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
