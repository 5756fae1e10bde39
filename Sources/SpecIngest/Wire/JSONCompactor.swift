import HubCore
import NIOCore

/// JSON on one line: white space between tokens removed, every token as it was written.
enum JSONCompactor {
    /// The value's text without white space; the bytes themselves where there is none.
    static func compact(_ value: JSONValue) -> ByteBuffer {
        let raw = value.rawBytes
        switch value.kind {
        case .null, .true, .false, .number, .string: return raw
        case .array, .object: break
        }
        let bytes = raw.readableBytesUInt8Span
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var inString = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\\") where inString && index < bytes.count:
                result.append(byte)
                result.append(bytes[index])
                index += 1
            case UInt8(ascii: "\""):
                inString.toggle()
                result.append(byte)
            case 0x20, 0x0A, 0x0D, 0x09:
                if inString { result.append(byte) }
            default:
                result.append(byte)
            }
        }
        return ByteBuffer(bytes: result)
    }

    /// The value's text without white space.
    static func text(_ value: JSONValue) -> String {
        String(buffer: compact(value))
    }
}
