import HubCore
import NIOCore

@testable import A2ABridge

/// Makes values of the model up: everything that may be there is there or not, by chance.
struct RandomValues {
    private var state: UInt64

    /// The same values for the same seed.
    init(seed: UInt64) { state = seed }

    /// A number below another (SplitMix64).
    mutating func number(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(max(1, bound)))
    }

    mutating func chance() -> Bool { number(below: 2) == 0 }
    mutating func maybe<Value>(_ make: (inout RandomValues) -> Value) -> Value? { chance() ? make(&self) : nil }
    mutating func some<Value>(_ make: (inout RandomValues) -> Value) -> [Value] { (0..<number(below: 4)).map { _ in make(&self) } }
    mutating func one<Value>(of values: [Value]) -> Value { values[number(below: values.count)] }

    private static let pieces = [
        "a", "B", "7", " ", "/", ":", "\"", "\\", "\n", "\u{0}", "é", "漢", "👩‍👩‍👧", "%2F", "null", "{", "kind", "\u{2028}", "=",
        "data_part_compat",
    ]

    /// A text that is not empty.
    mutating func text() -> String { (0...number(below: 6)).map { _ in one(of: Self.pieces) }.joined() }

    mutating func bytes() -> ByteBuffer { ByteBuffer(bytes: (0..<number(below: 9)).map { _ in UInt8(number(below: 256)) }) }

    /// JSON without white space.
    mutating func json(depth: Int = 3) -> String {
        switch number(below: depth > 0 ? 7 : 5) {
        case 0: "null"
        case 1: one(of: ["true", "false"])
        case 2: one(of: ["0", "-1", "1.50", "1e400", "9007199254740993"])
        case 3: quoted(text())
        case 4: "{}"
        case 5: "[" + some { $0.json(depth: depth - 1) }.joined(separator: ",") + "]"
        default: "{" + members(depth: depth).joined(separator: ",") + "}"
        }
    }

    private mutating func members(depth: Int) -> [String] {
        (0..<number(below: 3)).map { index in quoted("\(index)" + text()) + ":" + json(depth: depth - 1) }
    }

    private func quoted(_ text: String) -> String {
        var buffer = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": buffer += "\\\(scalar)"
            case "\n": buffer += "\\n"
            case "\u{0}": buffer += "\\u0000"
            default: buffer.unicodeScalars.append(scalar)
            }
        }
        return buffer + "\""
    }

    /// An object that is not empty.
    mutating func object() -> ByteBuffer { ByteBuffer(string: "{\"k\":" + json() + (members(depth: 2).map { "," + $0 }.joined()) + "}") }

    mutating func time() -> WireTime? {
        WireTime(seconds: Int64(number(below: 4_000_000_000)) - 1_000_000_000, nanoseconds: one(of: [0, 250_000_000, 250_000, 1]))
    }

    mutating func part() -> MessagePart {
        let content: MessagePart.Content =
            switch number(below: 4) {
            case 0: .text(chance() ? "" : text())
            case 1: .raw(bytes())
            case 2: .url(text())
            default: .data(ByteBuffer(string: json()))
            }
        return MessagePart(
            content: content, metadata: maybe { $0.object() }, filename: maybe { $0.text() }, mediaType: maybe { $0.text() })
    }

    mutating func message() -> AgentMessage {
        AgentMessage(
            messageID: text(), contextID: maybe { $0.text() }, taskID: maybe { $0.text() }, role: one(of: MessageRole.allCases),
            parts: some { $0.part() }, metadata: maybe { $0.object() }, extensions: some { $0.text() }, referenceTaskIDs: some { $0.text() }
        )
    }

    mutating func artifact() -> Artifact {
        Artifact(
            artifactID: text(), name: maybe { $0.text() }, description: maybe { $0.text() }, parts: some { $0.part() },
            metadata: maybe { $0.object() }, extensions: some { $0.text() })
    }

    mutating func status() -> TaskStatus {
        TaskStatus(state: one(of: TaskState.allCases), message: maybe { $0.message() }, timestamp: chance() ? time() : nil)
    }

    mutating func task() -> AgentTask {
        AgentTask(
            id: text(), contextID: maybe { $0.text() }, status: status(), artifacts: some { $0.artifact() }, history: some { $0.message() },
            metadata: maybe { $0.object() })
    }

    mutating func event() -> AgentEvent {
        switch number(below: 4) {
        case 0: .task(task())
        case 1: .message(message())
        case 2: .statusUpdate(StatusUpdate(taskID: text(), contextID: text(), status: status(), metadata: maybe { $0.object() }))
        default:
            .artifactUpdate(
                ArtifactUpdate(
                    taskID: text(), contextID: text(), artifact: artifact(), append: chance(), isLastChunk: chance(),
                    metadata: maybe { $0.object() }))
        }
    }

    /// An id or a scheme has no slash: in the protocol buffers of 0.3 it is a part of a path.
    private mutating func id() -> String { text().replacing("/", with: "_") }

    mutating func push() -> PushConfiguration {
        PushConfiguration(
            tenant: maybe { $0.text() }, id: maybe { $0.id() }, taskID: id(), url: text(), token: maybe { Secret($0.text()) },
            authentication: maybe {
                PushAuthentication(scheme: $0.text(), alternatives: $0.some { $0.text() }, credentials: $0.maybe { Secret($0.text()) })
            })
    }

    mutating func sendParameters() -> SendParameters {
        var message = message()
        message.parts.append(part())
        return SendParameters(
            tenant: maybe { $0.text() }, message: message, acceptedOutputModes: some { $0.text() },
            push: maybe {
                var push = $0.push()
                (push.tenant, push.taskID) = (nil, nil)
                return push
            }, historyLength: maybe { $0.number(below: 5) }, returnsImmediately: chance(), metadata: maybe { $0.object() })
    }

    mutating func request() -> A2ARequest {
        let tenant = maybe { $0.text() }
        return switch one(of: A2AOperation.allCases) {
        case .sendMessage: .sendMessage(sendParameters())
        case .streamMessage: .streamMessage(sendParameters())
        case .getTask: .getTask(TaskQuery(tenant: tenant, id: text(), historyLength: maybe { $0.number(below: 5) }))
        case .listTasks:
            .listTasks(
                TaskListQuery(
                    tenant: tenant, contextID: maybe { $0.text() },
                    state: maybe { $0.one(of: TaskState.allCases.filter { $0 != .unspecified }) },
                    pageSize: maybe { $0.number(below: 100) + 1 }, pageToken: maybe { $0.text() },
                    historyLength: maybe { $0.number(below: 5) },
                    changedSince: chance() ? time() : nil, includesArtifacts: chance()))
        case .cancelTask: .cancelTask(TaskReference(tenant: tenant, id: text(), metadata: maybe { $0.object() }))
        case .subscribe: .subscribe(TaskReference(tenant: tenant, id: text()))
        case .createPush: .createPush(push())
        case .getPush: .getPush(PushReference(tenant: tenant, taskID: text(), id: text()))
        case .listPushes:
            .listPushes(
                PushListQuery(tenant: tenant, taskID: text(), pageSize: maybe { $0.number(below: 9) + 1 }, pageToken: maybe { $0.text() }))
        case .deletePush: .deletePush(PushReference(tenant: tenant, taskID: text(), id: text()))
        case .extendedCard: .extendedCard(tenant: tenant)
        }
    }

    mutating func requirement() -> SecurityRequirement {
        SecurityRequirement(
            schemes: (0..<number(below: 3)).map { index in RequiredScheme(name: "\(index)" + text(), scopes: some { $0.text() }) })
    }

    private mutating func flow(_ kind: OAuthFlow.Kind) -> OAuthFlow {
        OAuthFlow(
            kind: kind, authorizationURL: kind == .authorizationCode || kind == .implicit ? text() : nil,
            deviceAuthorizationURL: kind == .deviceCode ? text() : nil, tokenURL: kind == .implicit ? nil : text(),
            refreshURL: maybe { $0.text() }, scopes: chance() ? [] : [OAuthScope(name: text(), description: text())],
            requiresPKCE: kind == .authorizationCode && chance())
    }

    mutating func scheme() -> SecurityScheme {
        let kind: SecurityScheme.Kind =
            switch number(below: 5) {
            case 0: .apiKey(location: one(of: ["query", "header", "cookie"]), name: text())
            case 1: .http(scheme: text(), bearerFormat: maybe { $0.text() })
            case 2:
                .oauth2(
                    flows: OAuthFlow.Kind.allCases.filter { _ in chance() }.map { flow($0) }, metadataURL: maybe { $0.text() })
            case 3: .openIDConnect(url: text())
            default: .mutualTLS
            }
        return SecurityScheme(kind: kind, description: maybe { $0.text() })
    }

    mutating func card() -> AgentCard {
        AgentCard(
            name: text(), description: text(),
            interfaces: (0...number(below: 4)).map { index in
                let version = one(of: A2AVersion.allCases)
                return AgentInterface(
                    url: "\(index)" + text(), binding: one(of: ["JSONRPC", "HTTP+JSON", "urn:x"]), version: version.rawValue,
                    tenant: maybe { $0.text() })
            }, provider: maybe { AgentProvider(organization: $0.text(), url: $0.text()) }, version: text(),
            documentationURL: maybe { $0.text() }, iconURL: maybe { $0.text() },
            capabilities: AgentCapabilities(
                streaming: maybe { $0.chance() }, pushNotifications: maybe { $0.chance() }, extendedCard: maybe { $0.chance() },
                extensions: some {
                    AgentExtension(
                        uri: $0.text(), description: $0.maybe { $0.text() }, isRequired: $0.chance(), parameters: $0.maybe { $0.object() })
                }),
            securitySchemes: (0..<number(below: 3)).map { index in NamedSecurityScheme(name: "\(index)" + text(), scheme: scheme()) },
            security: some { $0.requirement() }, defaultInputModes: some { $0.text() }, defaultOutputModes: some { $0.text() },
            skills: some {
                AgentSkill(
                    id: $0.text(), name: $0.text(), description: $0.text(), tags: $0.some { $0.text() }, examples: $0.some { $0.text() },
                    inputModes: $0.some { $0.text() }, outputModes: $0.some { $0.text() }, security: $0.some { $0.requirement() })
            }, signatures: some { CardSignature(protected: $0.text(), signature: $0.text(), header: $0.maybe { $0.object() }) })
    }
}
