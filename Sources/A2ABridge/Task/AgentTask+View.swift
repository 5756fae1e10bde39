extension AgentTask {
    /// The task with no more of its history than is wanted, the newest.
    ///
    /// - Parameters:
    ///   - historyLength: the most messages; nil for all.
    ///   - includesArtifacts: false leaves out what it made.
    func showing(historyLength: Int?, includesArtifacts: Bool = true) -> AgentTask {
        var task = self
        if let historyLength { task.history = Array(history.suffix(max(0, historyLength))) }
        if !includesArtifacts { task.artifacts = [] }
        return task
    }

    /// Comes to another status: what the one before said is history.
    mutating func apply(_ status: TaskStatus) {
        if let message = self.status.message { history.append(message) }
        self.status = status
    }

    /// Takes an artifact, or some more of one, whose name and metadata then are the newer.
    ///
    /// - Returns: false where there is nothing yet that it could be more of.
    mutating func apply(_ update: ArtifactUpdate) -> Bool {
        let new = update.artifact
        guard let index = artifacts.firstIndex(where: { $0.artifactID == new.artifactID }) else {
            if !update.append { artifacts.append(new) }
            return !update.append
        }
        guard update.append else {
            artifacts[index] = new
            return true
        }
        artifacts[index].parts += new.parts
        artifacts[index].name = new.name ?? artifacts[index].name
        artifacts[index].description = new.description ?? artifacts[index].description
        artifacts[index].metadata = new.metadata ?? artifacts[index].metadata
        let known = Set(new.extensions.isEmpty ? [] : artifacts[index].extensions)
        artifacts[index].extensions += new.extensions.filter { !known.contains($0) }
        return true
    }
}
