import Crypto
import NIOCore

extension EndpointRequest.Body {
    /// The SHA-256 of the body in hexadecimal digits, that of nothing where there is none; nil for a body that is not there yet.
    var payloadHash: String? {
        switch self {
        case .none: Hexadecimal.encode(SHA256.hash(data: [UInt8]()))
        case .complete(let bytes): Hexadecimal.encode(SHA256.hash(data: Array(bytes.readableBytesView)))
        case .stream: nil
        }
    }
}
