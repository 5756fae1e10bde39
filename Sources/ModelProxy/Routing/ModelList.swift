import HTTPTypes
import HubCore
import Logging
import NIOCore

/// The models that a caller can ask an API for, put together from its rules.
///
/// 1. Rules whose header fields the request lacks are not for this caller.
/// 2. A name that a rule is for, or that it puts in place of any other, is listed as it is.
/// 3. Where names pass to a service, those that its provider lists are listed as far as the rule is for them. A provider that does not answer
///    in time costs its own names alone.
struct ModelList {
    /// Where a rule lets names pass to.
    private struct Source: Sendable {
        let destination: ModelDestination
        let pattern: NamePattern?
    }

    /// One line of a list.
    private struct Entry: Sendable {
        let name: String
        let owner: String
        /// As the provider has it, where that is the caller's dialect.
        var json: ByteBuffer?
    }

    private let parts: [Part]
    private enum Part: Sendable {
        case name(String, owner: String)
        case source(Source)
    }

    /// How long a provider may take, how long its list may be in bytes, and how many names there are at most.
    static let patience = Duration.seconds(10)
    private static let maximumBytes = 4 << 20
    private static let maximumNames = 5_000

    init(_ routing: ModelRouting, fields: HTTPFields) {
        parts = routing.rules.filter { $0.condition.holds(for: fields) }.flatMap { rule in
            rule.destinations.compactMap { destination in
                let (pattern, owner) = (rule.condition.model, destination.service.provider.name)
                if let pattern, !pattern.description.contains("*") { return .name(pattern.description, owner: owner) }
                guard let model = destination.model else { return .source(Source(destination: destination, pattern: pattern)) }
                return pattern?.matches(model) ?? true ? .name(model, owner: owner) : nil
            }
        }
    }

    /// The one service whose list is the whole answer, as it is; nil where there is more to it.
    func onlyDestination(for dialect: CallerDialect) -> ModelDestination? {
        guard parts.count == 1, case .source(let source) = parts.first, source.pattern?.fitsAll ?? true,
            dialect.isSpoken(by: source.destination.service.provider.dialect)
        else { return nil }
        return source.destination
    }

    /// The list in a caller's dialect.
    ///
    /// - Throws: `HubError` where there is nothing to list because no provider answered.
    func answer(_ call: Call, context: CallContext, in dialect: CallerDialect, timers: TimerTable) async throws -> CallResponse {
        let lists = try await withThrowingTaskGroup(of: (String, [Entry]?).self) { group in
            var asked: Set<String> = []
            for case .source(let source) in parts where asked.insert(source.destination.service.name).inserted {
                group.addTask {
                    (
                        source.destination.service.name,
                        try await Self.entries(of: source.destination.service, call, context, in: dialect, timers: timers)
                    )
                }
            }
            var lists: [String: [Entry]?] = [:]
            for try await (name, entries) in group { lists.updateValue(entries, forKey: name) }
            return lists
        }
        var (entries, seen): ([Entry], Set<ExactText>) = ([], [])
        func add(_ entry: Entry) {
            if entries.count < Self.maximumNames, seen.insert(ExactText(entry.name)).inserted { entries.append(entry) }
        }
        for part in parts {
            switch part {
            case .name(let name, let owner): add(Entry(name: name, owner: owner))
            case .source(let source):
                let listed = (lists[source.destination.service.name] ?? nil) ?? []
                for entry in listed where source.pattern?.matches(entry.name) ?? true { add(entry) }
            }
        }
        guard !entries.isEmpty || lists.values.allSatisfy({ $0 != nil }) else {
            throw HubError(.upstreamFailed, "No provider listed its models")
        }
        return CallResponse(status: 200, contentType: "application/json", body: Self.write(entries, in: dialect))
    }

    /// What a provider lists; nil where it does not answer, and none where it has no list.
    private static func entries(
        of service: ModelService, _ call: Call, _ context: CallContext, in dialect: CallerDialect, timers: TimerTable
    ) async throws -> [Entry]? {
        guard let path = service.provider.listPath, let member = service.members.first else { return [] }
        var asking = call
        asking.content = .message(OutboundRequest(method: .get, path: path, headers: service.provider.fields))
        do {
            let body = try await LimitedWork.run(until: .now + patience, timers: timers, late: TimedStream.late) { [asking] in
                let response = try await member.target.perform(asking, context: context)
                guard response.status == 200 else {
                    if case .stream(let stream) = response.body { stream.cancel() }
                    throw HubError(.upstreamFailed, "The provider did not list its models")
                }
                return try await response.body.collect(upTo: maximumBytes)
            }
            return read(try JSONDocument(parsing: body, limits: .payload).root, of: service.provider, in: dialect)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            context.logger.info("a provider did not list its models", metadata: ["service": "\(service.name)", "error": "\(error)"])
            return nil
        }
    }

    private static func read(_ root: JSONValue, of provider: ModelProvider, in dialect: CallerDialect) -> [Entry] {
        let isOwn = dialect.isSpoken(by: provider.dialect)
        return (root["data"] ?? root["models"])?.elements.prefix(maximumNames).compactMap { element in
            guard var name = (element["id"] ?? element["name"])?.string, !name.isEmpty else { return nil }
            if provider.dialect == .gemini, name.hasPrefix("models/") { name.removeFirst("models/".count) }
            return Entry(name: name, owner: provider.name, json: isOwn ? element.rawBytes : nil)
        } ?? []
    }

    private static func write(_ entries: [Entry], in dialect: CallerDialect) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            if dialect != .messages { json.member("object", "list") }
            json.array("data") { json in for entry in entries { write(entry, in: dialect, to: &json) } }
            guard dialect == .messages else { return }
            json.member("has_more", false)
            json.key("first_id")
            if let first = entries.first { json.string(first.name) } else { json.null() }
            json.key("last_id")
            if let last = entries.last { json.string(last.name) } else { json.null() }
        }
        return json.buffer
    }

    private static func write(_ entry: Entry, in dialect: CallerDialect, to json: inout JSONWriter) {
        if let own = entry.json { return json.raw(own) }
        json.object { json in
            json.member("id", entry.name)
            if dialect == .messages {
                json.member("type", "model")
                json.member("display_name", entry.name)
                json.member("created_at", "1970-01-01T00:00:00Z")  // unknown, as the protocol has it
            } else {
                json.member("object", "model")
                json.member("created", 0)
                json.member("owned_by", entry.owner)
            }
        }
    }
}
