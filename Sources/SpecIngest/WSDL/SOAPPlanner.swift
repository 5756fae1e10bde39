/// Chooses for each operation of the port types how it is called: by which binding, to where, with which messages.
struct SOAPPlanner {
    /// An operation that can be called.
    struct Call {
        var operation: WSDLDefinitions.Operation
        /// The name of its tool.
        var name: String
        var address: String?
        var action: String
        var input: SOAPMessage
        /// nil for an operation without an answer.
        var output: SOAPMessage?
    }

    /// Something about an operation that was not as it should be.
    struct Problem {
        var kind: IngestFinding.Kind
        var message: String
        var operation: WSDLDefinitions.Operation
    }

    private let definitions: WSDLDefinitions
    private let set: SchemaSet
    private let preferred: SOAPVersion?
    /// The mapping of the values of all messages.
    private(set) var mapping: ValueMapping
    private(set) var problems: [Problem] = []
    /// The operations there are, those left out included.
    private(set) var count = 0
    private let budget = WorkBudget(values: 300_000)
    private var isRefused = false

    init(_ definitions: WSDLDefinitions, _ set: SchemaSet, prefers version: SOAPVersion?) {
        preferred = version
        self.definitions = definitions
        self.set = set
        mapping = ValueMapping(set)
    }

    /// What people know an operation by.
    static func label(_ operation: WSDLDefinitions.Operation) -> String { FindingLog.line("SOAP " + operation.name) }

    /// The calls, in the order of the port types.
    mutating func plan() -> [Call] {
        var calls: [Call] = []
        var sources: [ToolNames.Source] = []
        let counts = operationCounts()
        for portType in definitions.portTypes {
            let (port, binding) = choose(portType)
            let isBound = definitions.bindingNames[portType.name] != nil
            for operation in portType.operations {
                count += 1
                guard let call = call(of: operation, binding, port, isBound: isBound) else { continue }
                calls.append(call)
                let name = counts[operation.name, default: 0] > 1 ? portType.name.local + "_" + operation.name : operation.name
                sources.append(
                    ToolNames.Source(
                        operationID: name, method: "SOAP",
                        path: "\(portType.name.local)/\(operation.name)/\(operation.input?.name ?? operation.input?.message.local ?? "")"))
            }
        }
        let names = ToolNames.make(sources)
        for (index, name) in zip(calls.indices, names) { calls[index].name = name }
        return calls
    }

    /// In how many port types that can be called an operation of each name is.
    private func operationCounts() -> [String: Int] {
        var counts: [String: Int] = [:]
        for portType in definitions.portTypes where choose(portType).binding != nil {
            for name in Set(portType.operations.map(\.name)) { counts[name, default: 0] += 1 }
        }
        return counts
    }

    /// The first port for SOAP, of the preferred version if there is one; where no service has any, the first binding.
    private func choose(
        _ portType: WSDLDefinitions.PortType
    ) -> (port: WSDLDefinitions.Port?, binding: WSDLDefinitions.Binding?) {
        let offered = (definitions.bindingNames[portType.name] ?? []).filter { definitions.bindings[$0]?.version != nil }
        let preferred = offered.filter { definitions.bindings[$0]?.version == self.preferred }
        let usable = preferred.isEmpty ? offered : preferred
        let port = usable.compactMap { definitions.portNumbers[$0] }.min().map { definitions.ports[$0] }
        return (port, (port?.binding ?? usable.first).flatMap { definitions.bindings[$0] })
    }

    // MARK: One operation

    private mutating func call(
        of operation: WSDLDefinitions.Operation, _ binding: WSDLDefinitions.Binding?, _ port: WSDLDefinitions.Port?, isBound: Bool
    ) -> Call? {
        guard let binding, let version = binding.version else {
            // As a rule an operation over HTTP GET or POST repeats what another port type offers over SOAP.
            return skip(operation, isBound ? "it is offered over something other than SOAP" : "no binding says how it is called")
        }
        let candidates = binding.operations[operation.name] ?? []
        guard let bound = candidates.first(where: { Self.matches($0, operation) }) ?? candidates.first else {
            return skip(operation, "its binding does not say how it is called")
        }
        guard let input = operation.input else { return skip(operation, "it sends to its caller, which HTTP cannot do") }
        guard budget.spend(cost(of: operation, bound)) else {
            defer { isRefused = true }
            return isRefused ? nil : skip(operation, WorkBudget.refusal)
        }
        var action = bound.action
        if !action.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) || action.utf8.count > 200 {
            note(.repaired, "its action cannot stand in a header; it is left empty", operation)
            action = ""
        }
        let request = message(input, bound.input, version, operation, isRPC: bound.isRPC, rpcName: operation.name)
        let answer = operation.output.map {
            message($0, bound.output, version, operation, isRPC: bound.isRPC, rpcName: operation.name + "Response")
        }
        if case .element(let element) = request.body { budget.spend(mapping.memberCount(ofType: element.type)) }
        for part in operation.faults.flatMap({ definitions.messages[$0.message] ?? [] }) { _ = element(of: part, isRPC: false, operation) }
        return Call(operation: operation, name: operation.name, address: port?.address, action: action, input: request, output: answer)
    }

    /// How many parts have to be looked at: operations may share messages of any size.
    private func cost(of operation: WSDLDefinitions.Operation, _ bound: WSDLDefinitions.BoundOperation) -> Int {
        let messages = ([operation.input, operation.output].compactMap { $0 } + operation.faults).map(\.message)
        let headers = (bound.input.headers + bound.output.headers).map(\.message)
        return (messages + headers).reduce(1) { $0 + 1 + (definitions.messages[$1]?.count ?? 0) }
    }

    private mutating func note(_ kind: IngestFinding.Kind, _ message: String, _ operation: WSDLDefinitions.Operation) {
        problems.append(Problem(kind: kind, message: message, operation: operation))
    }

    private mutating func skip(_ operation: WSDLDefinitions.Operation, _ reason: String) -> Call? {
        note(.skippedOperation, reason, operation)
        return nil
    }

    /// Whether a bound operation is this one of several with the same name (WSDL 1.1 §2.5).
    private static func matches(_ bound: WSDLDefinitions.BoundOperation, _ operation: WSDLDefinitions.Operation) -> Bool {
        bound.inputName == operation.input?.name && (bound.outputName == nil || bound.outputName == operation.output?.name)
    }

    // MARK: Messages

    private mutating func message(
        _ use: WSDLDefinitions.MessageUse, _ bound: WSDLDefinitions.BoundMessage, _ version: SOAPVersion,
        _ operation: WSDLDefinitions.Operation, isRPC: Bool, rpcName: String
    ) -> SOAPMessage {
        var message = SOAPMessage(version: version, isEncoded: bound.isEncoded)
        var names = UniqueNames()
        for header in bound.headers {
            guard let part = definitions.messages[header.message]?.first(where: { $0.name == header.part }) else {
                note(.dropped, "there is no part \(FindingLog.quoted(header.part)) for its header", operation)
                continue
            }
            let element = element(of: part, isRPC: false, operation)
            message.headers.append(SOAPMessage.Part(name: names.take(element.name.local), element: element))
        }
        guard let declared = definitions.messages[use.message] else {
            note(.unresolvedReference, "there is no message \(FindingLog.quoted(use.message.local)); its parts are unknown", operation)
            return message
        }
        let listed = Set(bound.parts ?? [])
        let elsewhere = Set(bound.headers.filter { $0.message == use.message }.map(\.part))
        let parts = declared.filter { listed.isEmpty ? !elsewhere.contains($0.name) : listed.contains($0.name) }
        message.body = body(parts, bound, operation, isRPC: isRPC, rpcName: rpcName)
        while isMember(message.headersName, of: message.body) { message.headersName += "_" }
        return message
    }

    private mutating func body(
        _ parts: [WSDLDefinitions.Part], _ bound: WSDLDefinitions.BoundMessage, _ operation: WSDLDefinitions.Operation, isRPC: Bool,
        rpcName: String
    ) -> SOAPMessage.Body {
        let elements = parts.map { SOAPMessage.Part(name: $0.name, element: element(of: $0, isRPC: isRPC, operation)) }
        if isRPC { return .call(XMLName(namespace: bound.namespace ?? "", local: rpcName), elements) }
        guard elements.count == 1, var only = elements.first, let part = parts.first else { return .parts(elements) }
        // Where there are no members, the part itself is what the caller gives.
        if mapping.isObject(only.element.type) { return part.element == nil ? .content(only.element.type) : .element(only.element) }
        only.name = only.element.name.local
        return .parts([only])
    }

    private func isMember(_ name: String, of body: SOAPMessage.Body) -> Bool {
        switch body {
        case .element(let element): mapping.hasMember(name, ofType: element.type)
        case .content(let type): mapping.hasMember(name, ofType: type)
        case .parts(let parts), .call(_, let parts): parts.contains { $0.name == name }
        }
    }

    /// A part as an element. In an rpc call it has the name of the part, without a namespace (WSDL 1.1 §3.5, WS-I BP 1.1 R2735).
    private mutating func element(
        of part: WSDLDefinitions.Part, isRPC: Bool, _ operation: WSDLDefinitions.Operation
    ) -> SchemaElement {
        var element: SchemaElement
        if let name = part.element {
            if let known = set.elements[name] {
                element = known
            } else {
                note(.unresolvedReference, "there is no element \(FindingLog.quoted(name.local)); anything is accepted", operation)
                element = SchemaElement(name: name, type: 0, isNillable: true)
            }
            if isRPC { element.name = XMLName(namespace: "", local: part.name) }
        } else {
            let number = part.type.flatMap { typeNumber($0, operation) } ?? 0
            element = SchemaElement(name: XMLName(namespace: "", local: part.name), type: number, isNillable: isRPC)
        }
        mapping.reach(element)
        return element
    }

    private mutating func typeNumber(_ type: XMLName, _ operation: WSDLDefinitions.Operation) -> Int? {
        if let number = set.typeNumbers[type] { return number }
        note(.unresolvedReference, "there is no type \(FindingLog.quoted(type.local)); anything is accepted", operation)
        return nil
    }
}
