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
        let callable = definitions.portTypes.filter { portType in
            definitions.bindings.values.contains { $0.portType == portType.name && $0.version != nil }
        }
        let repeated = Dictionary(grouping: callable.flatMap { portType in Set(portType.operations.map(\.name)) }) { $0 }
            .filter { $0.value.count > 1 }
        for portType in definitions.portTypes {
            let bindings = definitions.bindingOrder.filter { definitions.bindings[$0]?.portType == portType.name }
            let offered = bindings.filter { definitions.bindings[$0]?.version != nil }
            let ofVersion = offered.filter { definitions.bindings[$0]?.version == preferred }
            let usable = ofVersion.isEmpty ? offered : ofVersion
            let port = definitions.ports.first { usable.contains($0.binding) }
            let binding = (port?.binding ?? usable.first).flatMap { definitions.bindings[$0] }
            for operation in portType.operations {
                count += 1
                guard !usable.isEmpty || bindings.isEmpty else {
                    // As a rule it repeats what another port type offers over SOAP.
                    problems.append(
                        Problem(kind: .skippedOperation, message: "it is offered over something other than SOAP", operation: operation))
                    continue
                }
                guard let call = call(of: operation, binding, port) else { continue }
                calls.append(call)
                let name = repeated[operation.name] == nil ? operation.name : portType.name.local + "_" + operation.name
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

    // MARK: One operation

    private mutating func call(
        of operation: WSDLDefinitions.Operation, _ binding: WSDLDefinitions.Binding?, _ port: WSDLDefinitions.Port?
    ) -> Call? {
        guard let binding, let version = binding.version else {
            problems.append(Problem(kind: .skippedOperation, message: "no binding says how it is called", operation: operation))
            return nil
        }
        let candidates = binding.operations.filter { $0.name == operation.name }
        let bound = candidates.count > 1 ? candidates.first { Self.matches($0, operation) } ?? candidates.first : candidates.first
        guard let bound else {
            problems.append(Problem(kind: .skippedOperation, message: "its binding does not say how it is called", operation: operation))
            return nil
        }
        guard let input = operation.input else {
            problems.append(
                Problem(kind: .skippedOperation, message: "it sends to its caller, which HTTP cannot do", operation: operation))
            return nil
        }
        var action = bound.action
        if !action.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) || action.utf8.count > 200 {
            problems.append(
                Problem(kind: .repaired, message: "its action cannot stand in a header; it is left empty", operation: operation))
            action = ""
        }
        let request = message(input, bound.input, version, operation, isRPC: bound.isRPC, rpcName: operation.name)
        let answer = operation.output.map {
            message($0, bound.output, version, operation, isRPC: bound.isRPC, rpcName: operation.name + "Response")
        }
        for part in operation.faults.flatMap({ definitions.parts(of: $0.message) ?? [] }) { _ = element(of: part, isRPC: false, operation) }
        return Call(operation: operation, name: operation.name, address: port?.address, action: action, input: request, output: answer)
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
        for header in bound.headers {
            guard let part = definitions.parts(of: header.message)?.first(where: { $0.name == header.part }) else {
                problems.append(
                    Problem(
                        kind: .dropped, message: "there is no part \(FindingLog.quoted(header.part)) for its header", operation: operation))
                continue
            }
            let element = element(of: part, isRPC: false, operation)
            let isTaken = message.headers.contains { $0.name == element.name.local }
            message.headers.append(SOAPMessage.Part(name: isTaken ? part.name : element.name.local, element: element))
        }
        guard let declared = definitions.parts(of: use.message) else {
            problems.append(
                Problem(
                    kind: .unresolvedReference,
                    message: "there is no message \(FindingLog.quoted(use.message.local)); its parts are unknown",
                    operation: operation))
            return message
        }
        let parts = declared.filter { part in
            if let listed = bound.parts, !listed.isEmpty { return listed.contains(part.name) }
            return !bound.headers.contains { $0.message == use.message && $0.part == part.name }
        }
        if isRPC {
            let name = XMLName(namespace: bound.namespace ?? "", local: rpcName)
            message.body = .call(name, parts.map { SOAPMessage.Part(name: $0.name, element: element(of: $0, isRPC: true, operation)) })
        } else if parts.count == 1, let part = parts.first, part.element == nil, let type = part.type.flatMap({ typeNumber($0, operation) })
        {
            mapping.reach(type: type)
            // Where there are no members, the part itself is what the caller gives.
            message.body =
                mapping.properties(ofType: type) == nil
                ? .parts([SOAPMessage.Part(name: part.name, element: element(of: part, isRPC: false, operation))]) : .content(type)
        } else if parts.count == 1, let part = parts.first {
            let element = element(of: part, isRPC: false, operation)
            let isObject = mapping.properties(ofType: element.type) != nil
            message.body = isObject ? .element(element) : .parts([SOAPMessage.Part(name: element.name.local, element: element)])
        } else {
            message.body = .parts(parts.map { SOAPMessage.Part(name: $0.name, element: element(of: $0, isRPC: false, operation)) })
        }
        return message
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
                problems.append(
                    Problem(
                        kind: .unresolvedReference, message: "there is no element \(FindingLog.quoted(name.local)); anything is accepted",
                        operation: operation))
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
        problems.append(
            Problem(
                kind: .unresolvedReference, message: "there is no type \(FindingLog.quoted(type.local)); anything is accepted",
                operation: operation))
        return nil
    }
}
