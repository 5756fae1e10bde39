import HubCore
import NIOCore

/// Where an agent is, and how it is spoken to there.
struct AgentInterface: Sendable, Hashable {
    /// The ways there are; a card may name others by URI.
    enum Binding {
        /// JSON-RPC 2.0 over HTTP.
        static let jsonRPC = "JSONRPC"
        /// HTTP with JSON bodies.
        static let http = "HTTP+JSON"
        /// gRPC; the address is a host and a port.
        static let grpc = "GRPC"
    }

    /// The address.
    var url: String
    /// How it is spoken to.
    var binding: String
    /// The version of the protocol, as `Major.Minor`.
    var version: String
    /// Which agent of the address (1.0): what a client repeats in every request.
    var tenant: String?
}

/// Who stands behind an agent.
struct AgentProvider: Sendable, Hashable {
    /// The name.
    var organization: String
    /// A website.
    var url: String
}

/// An extension of the protocol that an agent knows.
struct AgentExtension: Sendable, Hashable {
    /// What it is called.
    var uri: String
    /// How the agent makes use of it.
    var description: String?
    /// Whether a client must know it, too.
    var isRequired = false
    /// A JSON object of anything.
    var parameters: ByteBuffer?
}

/// What an agent can do besides answering.
struct AgentCapabilities: Sendable, Hashable {
    /// It streams; nil where the card does not say.
    var streaming: Bool?
    /// It sends notifications; nil where the card does not say.
    var pushNotifications: Bool?
    /// It has another card for callers with a credential; nil where the card does not say.
    var extendedCard: Bool?
    /// The extensions it knows.
    var extensions: [AgentExtension] = []
}

/// Something that an agent is good at.
struct AgentSkill: Sendable, Hashable {
    /// Unique within the card.
    var id: String
    /// A name for people.
    var name: String
    /// What it does.
    var description: String
    /// Words to find it by.
    var tags: [String] = []
    /// What one might ask.
    var examples: [String] = []
    /// The media types it takes, in place of the card's.
    var inputModes: [String] = []
    /// The media types it makes, in place of the card's.
    var outputModes: [String] = []
    /// What a caller needs for it: any of these.
    var security: [SecurityRequirement] = []
}

/// A signature of a card (RFC 7515), as it came: who changes the card makes it worthless.
struct CardSignature: Sendable, Hashable {
    /// The protected header, in Base64 for URLs.
    var protected: String
    /// The signature, likewise.
    var signature: String
    /// The unprotected header, a JSON object of anything.
    var header: ByteBuffer?
}

/// What an agent says of itself: the model of 1.0, which a card of 0.3 is read into and written from.
struct AgentCard: Sendable, Hashable {
    /// A name for people.
    var name: String
    /// What it is for.
    var description: String
    /// Where it is, in either version; the first is preferred.
    var interfaces: [AgentInterface]
    /// Who stands behind it.
    var provider: AgentProvider?
    /// The agent's own version.
    var version: String
    /// A page about it.
    var documentationURL: String?
    /// A picture of it.
    var iconURL: String?
    /// What it can do besides answering.
    var capabilities = AgentCapabilities()
    /// The ways to say who calls, by name.
    var securitySchemes: [NamedSecurityScheme] = []
    /// What a caller needs: any of these.
    var security: [SecurityRequirement] = []
    /// The media types it takes.
    var defaultInputModes: [String] = []
    /// The media types it makes.
    var defaultOutputModes: [String] = []
    /// What it is good at.
    var skills: [AgentSkill] = []
    /// Signatures, as they came.
    var signatures: [CardSignature] = []
}
