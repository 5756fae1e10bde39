import HTTPTypes
import HubCore
import NIOCore

/// Reads the answer of an operation: what stands in the body of the envelope as JSON, or its fault. Immutable, shared by all calls.
struct SOAPAnswerReader: ResponseDecoder {
    /// What the answer is made of; nil where the operation has none.
    let message: SOAPMessage?
    let plans: ValuePlans
    /// The elements that may stand in the detail of a fault, and those of anything else in a message.
    let elements: [XMLName: SchemaElement]

    /// 1. An envelope is read, whatever its status: a service may answer a fault with 200.
    /// 2. A fault is a failure, of status 500 where it had none.
    /// 3. A message without a body is the answer to what asks for none.
    /// 4. Anything else is passed on where it is a failure, and is one, of status 502, where it is none.
    func decode(status: Int, fields: HTTPFields, body: ByteBuffer) -> CallResponse {
        if body.readableBytes == 0 { return CallResponse(status: status, fields: fields, body: .complete(body)) }
        let root: XMLElement
        switch envelope(in: fields, body) {
        case .success(let read): root = read
        case .failure(let problem):
            if status >= 400 { return CallResponse(status: status, fields: fields, body: .complete(body)) }
            return Self.failure("the answer of the service is no SOAP message: \(problem.message)")
        }
        guard let content = root.part("Body") else { return Self.failure("the SOAP message of the service has no body") }
        var values = ValueReader(plans, references: message?.isEncoded == true ? MessageReferences(in: content) : nil)
        if let fault = content.part("Fault") {
            var reader = SOAPFaultReader(values: values, elements: elements)
            return Self.answer(status < 400 ? 500 : status) { reader.write(fault, to: &$0) }
        }
        return Self.answer(status) { write(content, header: root.part("Header"), &values, to: &$0) }
    }

    private static func answer(_ status: Int, _ write: (inout JSONWriter) -> Void) -> CallResponse {
        var json = JSONWriter()
        write(&json)
        return CallResponse(status: status, contentType: "application/json", body: json.buffer)
    }

    private static func failure(_ message: String) -> CallResponse {
        answer(502) { json in
            json.beginObject()
            json.member("error", message)
            json.endObject()
        }
    }

    private func envelope(in fields: HTTPFields, _ body: ByteBuffer) -> Result<XMLElement, SourceError> {
        do throws(SourceError) {
            let root = try SOAPAttachments.message(in: fields, body)
            guard root.name.local == "Envelope", SOAPVersion(envelope: root.name.namespace) != nil else {
                throw SourceError(message: "it is \(FindingLog.quoted(root.name.local))")
            }
            return .success(root)
        } catch {
            return .failure(error)
        }
    }

    // MARK: Content

    /// The body, or, where the operation says that its answer has something in the header, both by name.
    private func write(_ body: XMLElement, header: XMLElement?, _ values: inout ValueReader, to json: inout JSONWriter) {
        guard let message, !message.headers.isEmpty else { return write(body, &values, to: &json) }
        json.beginObject()
        json.key("headers")
        json.beginObject()
        for part in message.headers {
            guard let element = header?.elements.first(where: { $0.name == part.element.name }) else { continue }
            json.key(part.name)
            values.write(element, as: part.element, to: &json)
        }
        json.endObject()
        json.key("body")
        write(body, &values, to: &json)
        json.endObject()
    }

    private func write(_ body: XMLElement, _ values: inout ValueReader, to json: inout JSONWriter) {
        switch message?.body {
        case .element(let element)?:
            // The first is the answer; what follows in an encoded message is what it refers to (SOAP 1.1 §5.2.3).
            guard let answer = body.elements.first(where: { $0.name == element.name }) ?? body.firstElement else {
                return Self.writeNothing(to: &json)
            }
            values.write(answer, as: answer.name == element.name ? element : elements[answer.name], to: &json)
        case .call(_, let parts)?:
            guard let call = body.firstElement else { return Self.writeNothing(to: &json) }
            write(call, parts, &values, to: &json)
        case .parts(let parts)?:
            write(body, parts, &values, to: &json)
        case .content(let type)?:
            values.write(body, type: type, to: &json)
        case nil:
            write(body, [], &values, to: &json)
        }
    }

    /// Elements side by side as the members of an object. Some services write the elements of parts in namespaces of their own.
    private func write(_ parent: XMLElement, _ parts: [SOAPMessage.Part], _ values: inout ValueReader, to json: inout JSONWriter) {
        json.beginObject()
        var taken: Set<String> = []
        for element in parent.elements {
            let part = parts.first { $0.element.name == element.name } ?? parts.first { $0.element.name.local == element.name.local }
            let name = part?.name ?? element.name.local
            // What an encoded message refers to, or a second element of one name, is not part of the answer.
            guard part != nil || element.attribute("id") == nil, taken.insert(name).inserted else { continue }
            json.key(name)
            values.write(element, as: part?.element ?? elements[element.name], to: &json)
        }
        json.endObject()
    }

    private static func writeNothing(to json: inout JSONWriter) {
        json.beginObject()
        json.endObject()
    }
}
