public import HTTPTypes
public import HubCore

/// One version of an agent elsewhere: where it is, and which conversations it gets.
public struct RemoteRelease: Sendable {
    /// What tasks are kept under: the same from one configuration to the next, such as the upstream's name. Two of one agent that are called the
    /// same are one release with two shares.
    public let name: String
    /// Its share of the conversations, against those of the others; 0 gets none.
    public let weight: Int
    /// The header fields that a message must have to be meant for it; empty: it is for those that are meant for none.
    public let fields: HTTPFields
    /// Sends requests to it (`Call.Content.message`), the hub's credential added.
    public let target: any CallTarget
    /// The path of its address, as the operator wrote it; empty for none.
    public let path: String

    /// A release.
    public init(name: String, target: any CallTarget, path: String = "", weight: Int = 1, when fields: HTTPFields = HTTPFields()) {
        (self.name, self.target, self.path, self.fields) = (name, target, path, fields)
        self.weight = min(max(0, weight), Self.largestWeight)
    }

    private static let largestWeight = 1 << 20
}
