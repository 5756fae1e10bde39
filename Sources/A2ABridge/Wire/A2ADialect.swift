/// The versions of the protocol that the hub speaks, as `Major.Minor`.
enum A2AVersion: String, Sendable, Hashable, CaseIterable {
    /// What a peer that names no version speaks.
    case v0_3 = "0.3"
    /// The hub's own model.
    case v1_0 = "1.0"

    /// The version that a text names; a patch number makes no difference, and no text at all means 0.3 (1.0 §3.6.2). Nil for any other.
    init?(named text: String) {
        let numbers = text.isEmpty ? ["0", "3"] : text.split(separator: ".", omittingEmptySubsequences: false)
        let patch = numbers.count == 3 ? numbers[2].utf8 : Substring("0").utf8
        guard numbers.count <= 3, (1...4).contains(patch.count), patch.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.init(rawValue: numbers.prefix(2).joined(separator: "."))
    }
}

/// A way to spell the model in JSON. Version 0.3 has two: that of its JSON schema, and that of its protocol buffers.
enum A2ADialect: Sendable, Hashable, CaseIterable {
    /// ProtoJSON of 1.0, over JSON-RPC and HTTP+JSON alike.
    case v1_0
    /// The JSON schema of 0.3: what has alternatives has a `kind`.
    case v0_3
    /// ProtoJSON of 0.3, which HTTP+JSON of that version speaks: a message has `content`, states are in capitals, updates have a wrapper.
    case v0_3Proto

    /// The version it belongs to.
    var version: A2AVersion { self == .v1_0 ? .v1_0 : .v0_3 }

    /// That of JSON-RPC.
    init(jsonRPC version: A2AVersion) { self = version == .v1_0 ? .v1_0 : .v0_3 }

    /// That of HTTP+JSON, where some peers of version 0.3 write as its JSON schema has it: such a one is answered in kind.
    ///
    /// - Parameter isSchema: whether the peer is known to write so (`WireValue.isOfSchema`).
    init(http version: A2AVersion, isSchema: Bool = false) {
        self = version == .v1_0 ? .v1_0 : isSchema ? .v0_3 : .v0_3Proto
    }
}
