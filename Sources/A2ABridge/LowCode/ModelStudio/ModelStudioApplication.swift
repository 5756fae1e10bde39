public import HubCore

/// An application of Alibaba Cloud Model Studio: an agent or a workflow, by its id.
public struct ModelStudioApplication: Sendable {
    /// The application, as the console shows it.
    public let id: String
    /// The workspace that it is in; nil: that of the key.
    public let workspace: String?
    /// Whether clients are told which steps the application takes and what it thinks.
    public let tellsProgress: Bool
    /// Sends messages below `/api/v1` of Model Studio.
    let target: any CallTarget

    /// An application.
    ///
    /// - Parameters:
    ///   - id: the application.
    ///   - target: sends messages below `/api/v1` of Model Studio, with its key.
    ///   - workspace: the workspace that it is in; nil: that of the key.
    ///   - tellsProgress: whether clients are told what it is at meanwhile.
    public init(id: String, target: any CallTarget, workspace: String? = nil, tellsProgress: Bool = true) {
        (self.id, self.target, self.workspace, self.tellsProgress) = (id, target, workspace, tellsProgress)
    }
}
