import Crypto
import HubCore
import NIOCore

/// What a client of 2026-07-28 is given to bring back with its answers (basic/utilities/mrtr): good for this caller, this request and a while.
struct RequestState: Sendable, Hashable {
    /// What it stands for.
    enum Content: Sendable, Hashable {
        /// What the server behind the hub gave.
        case relayed(String)
        /// A call that waits in the hub, and how often it has asked.
        case parked(call: UInt128, round: UInt32)
    }

    var content: Content
    /// Seconds since 1970.
    var expiry: Int64

    /// How long a client may take.
    static let lifetime: Int64 = 600
    /// The longest state of a server that is passed on, in bytes.
    static let maximumBytes = 64 << 10
}

/// What a state is bound to: who called, where, and with what.
struct RequestBinding: Sendable {
    fileprivate let digest: [UInt8]

    /// - Parameters:
    ///   - owner: who calls.
    ///   - entry: the server that is called.
    ///   - method: of the request.
    ///   - params: its parameters, of which those about the round do not count.
    init(owner: SessionOwner, entry: String, method: String, params: JSONValue?) {
        var hash = SHA256()
        Self.update(&hash, "o", String(owner.digest, radix: 16))
        Self.update(&hash, "s", entry)
        Self.update(&hash, "s", method)
        hash.update(data: [UInt8(ascii: "{")])
        for (name, value) in Self.sorted(params)
        where name != "_meta" && name != "inputResponses" && name != "requestState" {
            Self.update(&hash, "k", name)
            Self.update(&hash, value)
        }
        digest = Array(hash.finalize())
    }

    /// Members in the order of their names: a client may write its request anew. Depth is bounded by that of messages.
    private static func update(_ hash: inout SHA256, _ value: JSONValue) {
        switch value.kind {
        case .null: update(&hash, "n", "")
        case .true: update(&hash, "t", "")
        case .false: update(&hash, "f", "")
        case .number: update(&hash, "d", value.numberText ?? "")
        case .string: update(&hash, "s", value.string ?? "")
        case .array:
            update(&hash, "[", String(value.count))
            for element in value.elements { update(&hash, element) }
        case .object:
            update(&hash, "{", String(value.count))
            for (name, value) in sorted(value) {
                update(&hash, "k", name)
                update(&hash, value)
            }
        }
    }

    private static func sorted(_ object: JSONValue?) -> [(String, JSONValue)] {
        (object?.members ?? .none).map { ($0.name.string ?? "", $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// With its length, so that no two texts run into one another.
    private static func update(_ hash: inout SHA256, _ tag: String, _ text: String) {
        hash.update(data: Array("\(tag)\(text.utf8.count):\(text)".utf8))
    }
}

/// Seals request states: AES-256-GCM under a key derived from the master key, bound to the request, as URL-safe text.
struct RequestStateSealer: Sendable {
    private static let purpose = Array("hubd mcp request state v1".utf8)
    private let key: SymmetricKey

    init(masterKey: SymmetricKey) {
        key = HKDF<SHA256>.deriveKey(inputKeyMaterial: masterKey, info: Self.purpose, outputByteCount: 32)
    }

    func seal(_ state: RequestState, binding: RequestBinding) -> String? {
        var plain = ByteBuffer()
        plain.writeInteger(state.expiry)
        switch state.content {
        case .relayed(let text):
            guard text.utf8.count <= RequestState.maximumBytes else { return nil }
            plain.writeInteger(UInt8(0))
            plain.writeString(text)
        case .parked(let call, let round):
            plain.writeInteger(UInt8(1))
            plain.writeInteger(call)
            plain.writeInteger(round)
        }
        let sealed = try? AES.GCM.seal(
            Array(plain.readableBytesView), using: key, authenticating: Self.purpose + binding.digest)
        return sealed?.combined.map { Base64.encodeURLSafe(Array($0)) }  // nil only for nonces of a wrong size, which the default is not
    }

    /// The state in a text that this hub sealed for such a request; nil for any other text.
    func open(_ text: String, binding: RequestBinding) -> RequestState? {
        guard text.utf8.count <= 2 * RequestState.maximumBytes, let bytes = Base64.decodeURLSafe(text),
            let box = try? AES.GCM.SealedBox(combined: bytes),
            // Forged, from another key, or for another request: no state.
            let plain = try? AES.GCM.open(box, using: key, authenticating: Self.purpose + binding.digest)
        else { return nil }
        var buffer = ByteBuffer(bytes: plain)
        guard let expiry = buffer.readInteger(as: Int64.self), let kind = buffer.readInteger(as: UInt8.self) else { return nil }
        if kind == 1 {
            guard let call = buffer.readInteger(as: UInt128.self), let round = buffer.readInteger(as: UInt32.self) else { return nil }
            return RequestState(content: .parked(call: call, round: round), expiry: expiry)
        }
        return buffer.readString(length: buffer.readableBytes).map { RequestState(content: .relayed($0), expiry: expiry) }
    }
}
