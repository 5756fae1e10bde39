import HubCore
import NIOCore

/// JSON on one line: white space between tokens removed, every token as it was written.
enum JSONCompactor {
    /// The value's text without white space; the bytes themselves where there is none.
    static func compact(_ value: JSONValue) -> ByteBuffer { value.compactBytes }

    /// The value's text without white space.
    static func text(_ value: JSONValue) -> String {
        String(buffer: compact(value))
    }
}
