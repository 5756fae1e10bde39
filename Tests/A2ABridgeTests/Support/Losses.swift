import HubCore
import NIOCore

@testable import A2ABridge

/// What is left of a value when it has been through 0.3, in the words of the table "What a version cannot say" of the article on versions;
/// the numbers are its rows.
struct Losses {
    let dialect: A2ADialect

    func part(_ part: MessagePart) -> MessagePart {
        var part = part
        switch part.content {
        case .text, .data: (part.filename, part.mediaType) = (nil, nil)  // 1
        case .raw, .url: break
        }
        return part
    }

    func message(_ message: AgentMessage) -> AgentMessage {
        var message = message
        message.parts = message.parts.map(part)
        if dialect == .v0_3Proto { message.referenceTaskIDs = [] }  // 2
        return message
    }

    func artifact(_ artifact: Artifact) -> Artifact {
        var artifact = artifact
        artifact.parts = artifact.parts.map(part)
        return artifact
    }

    func status(_ status: TaskStatus) -> TaskStatus {
        var status = status
        status.message = status.message.map(message)
        return status
    }

    func event(_ event: AgentEvent) -> AgentEvent {
        switch event {
        case .task(var task):
            task.status = status(task.status)
            task.artifacts = task.artifacts.map(artifact)
            task.history = task.history.map(message)
            return .task(task)
        case .message(let message): return .message(self.message(message))
        case .statusUpdate(var update):
            update.status = status(update.status)
            return .statusUpdate(update)
        case .artifactUpdate(var update):
            update.artifact = artifact(update.artifact)
            return .artifactUpdate(update)
        }
    }

    func historyLength(_ length: Int?) -> Int? { length.map { max(1, $0) } }  // 4

    func send(_ parameters: SendParameters) -> SendParameters {
        var parameters = parameters
        parameters.tenant = nil  // 3
        parameters.message = message(parameters.message)
        parameters.historyLength = historyLength(parameters.historyLength)
        return parameters
    }

    /// Nil where 0.3 has no words for it.
    func request(_ request: A2ARequest) -> A2ARequest? {
        switch request {
        case .sendMessage(let parameters): return .sendMessage(send(parameters))
        case .streamMessage(let parameters): return .streamMessage(send(parameters))
        case .getTask(let query): return .getTask(TaskQuery(id: query.id, historyLength: historyLength(query.historyLength)))
        case .listTasks: return nil  // 5
        case .cancelTask(var task):
            task.tenant = nil
            return .cancelTask(task)
        case .subscribe(var task):
            task.tenant = nil
            return .subscribe(task)
        case .createPush(var configuration):
            configuration.tenant = nil
            return .createPush(configuration)
        case .getPush(let push): return .getPush(PushReference(taskID: push.taskID, id: push.id))
        case .listPushes(let query): return .listPushes(PushListQuery(taskID: query.taskID))  // 6
        case .deletePush(let push): return .deletePush(PushReference(taskID: push.taskID, id: push.id))
        case .extendedCard: return .extendedCard(tenant: nil)
        }
    }

    func card(_ card: AgentCard) -> AgentCard {
        var card = card
        let older = card.interfaces.filter { $0.version == "0.3" }
        let kept = (older.isEmpty ? card.interfaces : older).map { AgentInterface(url: $0.url, binding: $0.binding, version: "0.3") }  // 7
        card.interfaces = kept.prefix(1) + kept.dropFirst().filter { $0 != kept.first }
        if card.capabilities.extendedCard == false { card.capabilities.extendedCard = nil }  // 8
        for index in card.securitySchemes.indices {
            guard case .oauth2(let flows, let metadataURL) = card.securitySchemes[index].scheme.kind else { continue }
            let known = flows.filter { $0.kind != .deviceCode }.map { flow in  // 9
                var flow = flow
                flow.requiresPKCE = false  // 10
                return flow
            }
            card.securitySchemes[index].scheme.kind = .oauth2(flows: known, metadataURL: metadataURL)
        }
        return card
    }

    /// What is left of a card that has been through 1.0.
    static func newer(_ card: AgentCard) -> AgentCard {
        var card = card
        for index in card.securitySchemes.indices {
            guard case .oauth2(let flows, let metadataURL) = card.securitySchemes[index].scheme.kind else { continue }
            card.securitySchemes[index].scheme.kind = .oauth2(flows: Array(flows.prefix(1)), metadataURL: metadataURL)  // 12
        }
        return card
    }

    /// What is left of a request that has been through 1.0.
    static func newer(_ request: A2ARequest) -> A2ARequest {
        switch request {
        case .createPush(var configuration):
            configuration.authentication?.alternatives = []  // 13
            return .createPush(configuration)
        case .sendMessage(var parameters):
            parameters.push?.authentication?.alternatives = []
            return .sendMessage(parameters)
        case .streamMessage(var parameters):
            parameters.push?.authentication?.alternatives = []
            return .streamMessage(parameters)
        default: return request
        }
    }
}
