import HubCore
import NIOCore

/// Puts what a provider says of its answer into the order that `ChatEvent` promises, whatever the order in which it came.
///
/// Calls may come interleaved and are handed on one after the other: the one that began first as it comes, the others when it is whole.
/// Usage and the reason for the end may come several times and before the last text; they are kept until the end.
struct AnswerAssembler: Sendable {
    /// The most bytes of text, thoughts and arguments together.
    static let maximumContentBytes = 32 << 20
    /// The most calls.
    static let maximumCalls = 512

    private struct Call: Sendable {
        enum State { case waiting, open, ended }
        var state = State.waiting
        var id = ""
        var name = ""
        var signature: ReasoningSignature?
        /// Arguments that have not been handed on.
        var waiting = ""
        var scan = ObjectScan()
        /// Whether the provider said that it is whole.
        var isWhole = false
    }

    private let names: ToolNames
    private let callIDSeed: String
    private var events: [ChatEvent] = []
    private var hasStarted = false
    private var calls: [Call] = []
    private var places: [Int: Int] = [:]
    /// The first call that has not ended.
    private var current = 0
    /// What came inside a call.
    private var held: [ChatEvent] = []
    private var contentBytes = 0
    /// What the provider said last of why the answer ends.
    private(set) var stop: StopReason?
    private var usage: ChatUsage?
    /// Whether `end` or `error` has come, so that nothing is taken any more.
    private(set) var isOver = false

    /// - Parameters:
    ///   - names: what the tools are called at the provider.
    ///   - callIDSeed: begins the ids of calls to which the provider gives none; letters, digits and `_` alone, and no other answer's.
    init(names: ToolNames = ToolNames(), callIDSeed: String) {
        self.names = names
        self.callIDSeed = callIDSeed
    }

    /// The events since the last time.
    mutating func drain() -> [ChatEvent] {
        defer { events = [] }
        return events
    }

    mutating func start(id: String?, model: String?) {
        guard !hasStarted, !isOver else { return }
        hasStarted = true
        events.append(.start(id: id ?? "", model: model ?? ""))
    }

    mutating func text(_ text: String) { if admit(text) { put(.text(text)) } }
    mutating func reasoning(_ text: String) { if admit(text) { put(.reasoning(text)) } }
    mutating func refusal(_ text: String) { if admit(text) { put(.refusal(text)) } }
    mutating func signature(_ value: ReasoningSignature) { if admit(value.value) { put(.signature(value)) } }
    mutating func redacted(_ value: ReasoningSignature) { if admit(value.value) { put(.redacted(value)) } }
    mutating func citation(_ citation: ChatCitation) { if admit(citation.url) { put(.citation(citation)) } }

    mutating func logprobs(_ element: ByteBuffer) {
        guard !isOver else { return }
        start(id: nil, model: nil)
        contentBytes += element.readableBytes
        if fits() { put(.logprobs(element)) }
    }

    /// Hands on what is no part of a call: between two calls, as one that came inside a call would end it before its arguments are whole.
    private mutating func put(_ event: ChatEvent) {
        settleCalls()
        guard !isOver else { return }
        guard isInsideCall else { return events.append(event) }
        contentBytes += MemoryLayout<ChatEvent>.stride  // a place for each, however little it holds
        if fits() { held.append(event) }
    }

    /// Says something of a call.
    ///
    /// - Parameters:
    ///   - key: the provider's number of it.
    ///   - id: nil or empty where nothing is said of it; what was said first stands.
    ///   - name: the same.
    ///   - arguments: more of them.
    mutating func call(
        _ key: Int, id: String? = nil, name: String? = nil, arguments: String = "", signature: ReasoningSignature? = nil
    ) {
        guard !isOver else { return }
        start(id: nil, model: nil)
        contentBytes += arguments.utf8.count + (id?.utf8.count ?? 0) + (name?.utf8.count ?? 0) + (signature?.value.utf8.count ?? 0)
        guard fits() else { return }
        let place: Int
        if let known = places[key] {
            place = known
        } else {
            guard calls.count < Self.maximumCalls else { return fail(ProviderError(.server, "The provider's answer has too many calls")) }
            place = calls.count
            calls.append(Call())
            places[key] = place
        }
        if let id, calls[place].id.isEmpty { calls[place].id = id }
        if let name, calls[place].name.isEmpty { calls[place].name = names.original(of: name) }
        if let signature { calls[place].signature = signature }
        switch calls[place].state {
        case .ended:
            // White space behind an object changes nothing; anything else would be lost.
            if arguments.utf8.contains(where: { $0 > 0x20 }) {
                fail(ProviderError(.server, "The provider sent more arguments for a call that had ended"))
            }
        case .open:
            calls[place].scan.take(arguments)
            if !arguments.isEmpty { events.append(.callArguments(index: place, arguments)) }
        case .waiting:
            calls[place].scan.take(arguments)
            calls[place].waiting += arguments
            if place != current { settleCalls() }
            if place == current { openCurrent(mayLackID: !arguments.isEmpty) }
        }
    }

    /// Says more of the arguments of a call, unless nothing was said of it before.
    mutating func arguments(_ key: Int, _ text: String) {
        if places[key] != nil { call(key, arguments: text) }
    }

    /// The provider says that a call is whole.
    mutating func endCall(_ key: Int) {
        guard !isOver, let place = places[key] else { return }
        calls[place].isWhole = true
        settleCalls()
    }

    /// Why the answer ends. What is said later stands, but the end of a text does not take back that calls are to be made.
    mutating func stop(_ reason: StopReason) {
        if stop == nil || reason != .stop { stop = reason }
    }

    mutating func usage(_ counts: ChatUsage) { usage = usage?.merged(counts) ?? counts }

    /// The answer is whole, if the provider said why it ends; otherwise it was cut off.
    mutating func end() {
        guard !isOver else { return }
        guard let stop else { return fail(.cut) }
        start(id: nil, model: nil)
        for place in calls.indices { calls[place].isWhole = true }
        settleCalls()
        guard !isOver else { return }
        isOver = true
        if let usage { events.append(.usage(usage)) }
        switch stop {
        case .stop, .toolCalls: events.append(.end(calls.isEmpty ? .stop : .toolCalls))  // some say one and mean the other
        case .stopSequence, .length, .contextLength, .contentFilter, .paused: events.append(.end(stop))
        }
    }

    /// The answer will not be whole.
    mutating func fail(_ error: ProviderError) {
        guard !isOver else { return }
        isOver = true
        if let usage { events.append(.usage(usage)) }
        events.append(.error(error))
    }

    // MARK: Calls

    private var isInsideCall: Bool { current < calls.count && calls[current].state == .open }

    /// Ends calls that are whole, and opens what waits behind them.
    private mutating func settleCalls() {
        while current < calls.count, !isOver {
            openCurrent(mayLackID: calls[current].isWhole || calls[current].scan.hasBegun)
            let call = calls[current]
            guard call.state == .open, call.isWhole || call.scan.isWhole else {
                if call.isWhole { fail(ProviderError(.server, "The provider called a tool without naming it")) }
                return
            }
            if !call.scan.hasBegun { events.append(.callArguments(index: current, "{}")) }
            events.append(.callEnd(index: current))
            calls[current].state = .ended
            current += 1
            events += held
            held = []
        }
    }

    private mutating func openCurrent(mayLackID: Bool) {
        guard current < calls.count, calls[current].state == .waiting, !calls[current].name.isEmpty else { return }
        if calls[current].id.isEmpty {
            guard mayLackID else { return }
            calls[current].id = "\(callIDSeed)_\(current)"
        }
        calls[current].state = .open
        let call = calls[current]
        events.append(.callStart(index: current, id: call.id, name: call.name, signature: call.signature))
        if !call.waiting.isEmpty { events.append(.callArguments(index: current, call.waiting)) }
        calls[current].waiting = ""
    }

    // MARK: Bounds

    /// Whether text is to be handed on.
    private mutating func admit(_ text: String) -> Bool {
        guard !text.isEmpty, !isOver else { return false }
        start(id: nil, model: nil)
        contentBytes += text.utf8.count
        return fits()
    }

    private mutating func fits() -> Bool {
        if contentBytes > Self.maximumContentBytes { fail(ProviderError(.server, "The provider's answer is larger than the limit")) }
        return !isOver
    }
}
