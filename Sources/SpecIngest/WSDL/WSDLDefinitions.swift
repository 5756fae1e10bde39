/// What the definitions of a WSDL declare, those it imports included, by their names (WSDL 1.1 §2).
struct WSDLDefinitions {
    /// A part of a message: an element, or a type.
    struct Part {
        var name: String
        var element: XMLName?
        var type: XMLName?
    }

    /// A message or its use in an operation: what a name leads to.
    struct MessageUse {
        /// The name of the use, by which overloaded operations are told apart.
        var name: String?
        /// The message.
        var message: XMLName
    }

    /// An operation of a port type.
    struct Operation {
        var name: String
        var documentation: String?
        var input: MessageUse?
        var output: MessageUse?
        var faults: [MessageUse]
        var path: String
        var position: SourcePosition
    }

    /// A port type.
    struct PortType {
        var name: XMLName
        var operations: [Operation]
    }

    /// How one message of an operation travels.
    struct BoundMessage {
        /// The parts in the body; nil: all that are nowhere else.
        var parts: [String]?
        /// Whether the parts are encoded by the rules of SOAP.
        var isEncoded = false
        /// The namespace of the element around the parts of an rpc call.
        var namespace: String?
        /// The parts that travel in the header.
        var headers: [(message: XMLName, part: String)] = []
    }

    /// An operation of a binding.
    struct BoundOperation {
        var name: String
        var inputName: String?
        var outputName: String?
        var action: String
        var isRPC: Bool
        var input: BoundMessage
        var output: BoundMessage
    }

    /// A binding to SOAP over HTTP, or to something else, which has no version.
    struct Binding {
        var portType: XMLName
        var version: SOAPVersion?
        /// By name: overloaded operations share one.
        var operations: [String: [BoundOperation]]
    }

    /// A port of a service.
    struct Port {
        var binding: XMLName
        var address: String?
    }

    private(set) var messages: [XMLName: [Part]] = [:]
    private(set) var portTypes: [PortType] = []
    private(set) var bindings: [XMLName: Binding] = [:]
    /// The names of the bindings of each port type, in the order of the document.
    private(set) var bindingNames: [XMLName: [XMLName]] = [:]
    private(set) var ports: [Port] = []
    /// The number of the first port of each binding.
    private(set) var portNumbers: [XMLName: Int] = [:]
    private(set) var serviceName: String?
    private(set) var documentation: String?
    private var portTypeNames: Set<XMLName> = []

    /// Adds what a `definitions` element declares. Of two with one name the first counts.
    mutating func add(_ root: XMLElement, path: String) {
        let namespace = root.attribute("targetNamespace") ?? ""
        let named = { (element: XMLElement) in
            element.attribute("name").map { XMLName(namespace: namespace, local: $0) }
        }
        documentation = documentation ?? WSDLVocabulary.documentation(of: root, limit: 1_000)
        for element in WSDLVocabulary.children(of: root, "message") {
            guard let name = named(element), messages[name] == nil else { continue }
            var names: Set<String> = []
            messages[name] = WSDLVocabulary.children(of: element, "part").compactMap(Self.part).filter { names.insert($0.name).inserted }
        }
        for element in WSDLVocabulary.children(of: root, "portType") {
            guard let name = named(element), portTypeNames.insert(name).inserted else { continue }
            let operations = WSDLVocabulary.children(of: element, "operation").compactMap { Self.operation($0, namespace, path) }
            portTypes.append(PortType(name: name, operations: operations))
        }
        for element in WSDLVocabulary.children(of: root, "binding") {
            guard let name = named(element), bindings[name] == nil, let portType = Self.reference(element, "type", namespace) else {
                continue
            }
            bindings[name] = Self.binding(element, portType, namespace)
            bindingNames[portType, default: []].append(name)
        }
        for element in WSDLVocabulary.children(of: root, "service") {
            serviceName = serviceName ?? element.attribute("name")
            documentation = documentation ?? WSDLVocabulary.documentation(of: element, limit: 1_000)
            for port in WSDLVocabulary.children(of: element, "port") {
                guard let binding = Self.reference(port, "binding", namespace) else { continue }
                let address = port.elements.first { $0.name.local == "address" }?.attribute("location")
                if portNumbers[binding] == nil { portNumbers[binding] = ports.count }
                ports.append(Port(binding: binding, address: address))
            }
        }
    }

    // MARK: Reading

    /// The name that an attribute holds. One without a prefix, where the default namespace is WSDL's own, means the target namespace.
    private static func reference(_ element: XMLElement, _ attribute: String, _ namespace: String) -> XMLName? {
        guard let text = element.attribute(attribute) else { return nil }
        guard let name = element.prefixes.resolve(qname: text, usesDefault: true) else {
            let local = text.split(separator: ":").last.map { String($0) } ?? text
            return XMLName(namespace: namespace, local: local)
        }
        return name.namespace == WSDLVocabulary.wsdl || name.namespace.isEmpty ? XMLName(namespace: namespace, local: name.local) : name
    }

    private static func part(_ element: XMLElement) -> Part? {
        guard let name = element.attribute("name") else { return nil }
        let resolve = { (attribute: String) in
            element.attribute(attribute).flatMap { element.prefixes.resolve(qname: $0, usesDefault: true) }
        }
        return Part(name: name, element: resolve("element"), type: resolve("type"))
    }

    private static func operation(_ element: XMLElement, _ namespace: String, _ path: String) -> Operation? {
        guard let name = element.attribute("name") else { return nil }
        let uses = { (local: String) in
            WSDLVocabulary.children(of: element, local).compactMap { use in
                reference(use, "message", namespace).map { MessageUse(name: use.attribute("name"), message: $0) }
            }
        }
        return Operation(
            name: name, documentation: WSDLVocabulary.documentation(of: element, limit: 1_000), input: uses("input").first,
            output: uses("output").first, faults: uses("fault"), path: path, position: element.position)
    }

    private static func binding(_ element: XMLElement, _ portType: XMLName, _ namespace: String) -> Binding {
        let soap = element.elements.first { $0.name.local == "binding" }
        let version = soap.flatMap { SOAPVersion(binding: $0.name.namespace) }
        let isRPC = soap?.attribute("style") == "rpc"
        let operations = WSDLVocabulary.children(of: element, "operation").compactMap { child -> BoundOperation? in
            guard let name = child.attribute("name") else { return nil }
            let soap = child.elements.first { $0.name.local == "operation" && SOAPVersion(binding: $0.name.namespace) != nil }
            let messages = { (local: String) in WSDLVocabulary.children(of: child, local).first }
            return BoundOperation(
                name: name, inputName: messages("input")?.attribute("name"), outputName: messages("output")?.attribute("name"),
                action: soap?.attribute("soapAction") ?? "", isRPC: soap?.attribute("style").map { $0 == "rpc" } ?? isRPC,
                input: bound(messages("input"), namespace), output: bound(messages("output"), namespace))
        }
        return Binding(portType: portType, version: version, operations: Dictionary(grouping: operations, by: \.name))
    }

    private static func bound(_ element: XMLElement?, _ namespace: String) -> BoundMessage {
        var message = BoundMessage()
        guard let element else { return message }
        for extra in extensions(of: element, depth: 0) where SOAPVersion(binding: extra.name.namespace) != nil {
            switch extra.name.local {
            case "body":
                message.parts = extra.attribute("parts").map { $0.split(whereSeparator: \.isWhitespace).map { String($0) } }
                message.isEncoded = extra.attribute("use") == "encoded"
                message.namespace = extra.attribute("namespace")
            case "header":
                if let name = reference(extra, "message", namespace), let part = extra.attribute("part") {
                    message.headers.append((name, part))
                }
            default: continue
            }
        }
        return message
    }

    /// The elements in `element`, those of a message with attachments being in its first part (WSDL 1.1 §5).
    private static func extensions(of element: XMLElement, depth: Int) -> [XMLElement] {
        guard depth < 4 else { return [] }
        return element.elements.flatMap { child in
            child.name.namespace == WSDLVocabulary.mime && ["multipartRelated", "part"].contains(child.name.local)
                ? extensions(of: child, depth: depth + 1) : [child]
        }
    }
}
