import HubCore
import NIOCore

/// Writes the request of an operation: its arguments as an envelope. Immutable, shared by all calls.
struct SOAPRequestWriter: MessageWriter {
    let message: SOAPMessage
    let plans: ValuePlans
    /// What lets the hub in; it stands first in the header.
    var token: UsernameToken?

    typealias Member = (name: String, argument: String, value: JSONValue)

    /// The envelope.
    func write(_ members: [Member]) throws(HubError) -> ByteBuffer {
        let version = message.version
        var envelope = XMLElement(name: XMLName(namespace: version.envelope, local: "Envelope"))
        var header = try self.header(members)
        if let token { header.insert(token.element(), at: 0) }
        if !header.isEmpty {
            envelope.children.append(
                .element(
                    XMLElement(name: XMLName(namespace: version.envelope, local: "Header"), children: header.map { .element($0) })))
        }
        envelope.children.append(.element(try body(members.filter { $0.name != message.headersName || message.headers.isEmpty })))
        do throws(XMLWriteError) {
            return try XMLWriter.write(envelope, declaration: true, preferredPrefixes: version.prefixes)
        } catch {
            throw HubError(.invalidArguments, "the arguments cannot be written as XML: \(error.message)")
        }
    }

    /// The same with a token in each message.
    func secured(by token: UsernameToken) -> any MessageWriter {
        var copy = self
        copy.token = token
        return copy
    }

    // MARK: Body

    private func body(_ members: [Member]) throws(HubError) -> XMLElement {
        var body = XMLElement(name: XMLName(namespace: message.version.envelope, local: "Body"))
        switch message.body {
        case .element(let element):
            body.children.append(.element(try content(of: element.name, element.type, members)))
        case .content(let type):
            body.children = try content(of: body.name, type, members).children
        case .parts(let parts):
            body.children = try elements(parts, members).map { .element($0) }
        case .call(let name, let parts):
            var call = XMLElement(name: name, children: try elements(parts, members).map { .element($0) })
            if message.isEncoded {
                let attribute = XMLName(namespace: message.version.envelope, local: "encodingStyle")
                call.attributes.append(XMLAttribute(name: attribute, value: message.version.encoding))
            }
            body.children.append(.element(call))
        }
        return body
    }

    private func content(of name: XMLName, _ type: Int, _ members: [Member]) throws(HubError) -> XMLElement {
        try ValueWriter.element(name, type: type, members: members, plans: plans, isEncoded: message.isEncoded)
    }

    /// The parts that were given, in the order of the message.
    private func elements(_ parts: [SOAPMessage.Part], _ members: [Member]) throws(HubError) -> [XMLElement] {
        var elements: [XMLElement] = []
        for part in parts {
            guard let member = members.first(where: { $0.name == part.name }) else { continue }
            elements.append(
                try ValueWriter.element(
                    part.element, value: member.value, argument: member.argument, plans: plans, isEncoded: message.isEncoded))
        }
        return elements
    }

    // MARK: Header

    private func header(_ members: [Member]) throws(HubError) -> [XMLElement] {
        guard !message.headers.isEmpty, let headers = members.first(where: { $0.name == message.headersName }), !headers.value.isNull else {
            return []
        }
        var given: [Member] = []
        for (name, value) in headers.value.members {
            let name = name.string ?? ""
            guard message.headers.contains(where: { $0.name == name }) else {
                let known = message.headers.map { FindingLog.quoted($0.name) }.joined(separator: ", ")
                throw HubError(
                    .invalidArguments, "argument \"\(headers.argument)\" has no member \(FindingLog.quoted(name)); there are \(known)")
            }
            given.append((name, "\(headers.argument).\(name)", value))
        }
        return try elements(message.headers, given)
    }
}
