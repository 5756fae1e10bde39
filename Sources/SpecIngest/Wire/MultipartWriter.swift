import HubCore
import NIOCore

/// Writes `multipart/form-data` (RFC 7578).
enum MultipartWriter {
    /// The body and its media type with the boundary.
    ///
    /// The boundary comes from the content and does not occur in it, so that the same arguments make the same bytes.
    static func write(
        _ plans: [PartPlan], _ values: [JSONValue?], _ slots: [ArgumentSlot], mediaType: String
    ) throws(HubError) -> (bytes: ByteBuffer, mediaType: String) {
        var parts: [(head: String, body: ByteBuffer)] = []
        for plan in plans {
            guard let value = values[plan.slot], !value.isNull else { continue }
            let name = slots[plan.slot].name
            let headers = try headers(of: plan, values, slots)
            switch plan.content {
            case .json:
                parts.append(try part(plan, value, name, headers))
            case .members:
                for (key, value) in value.members {
                    parts.append(try part(PartPlan(slot: plan.slot, name: key.string ?? "", content: .plain), value, name, headers))
                }
            case .plain, .file:
                for element in value.kind == .array ? Array(value.elements) : [value] {
                    parts.append(try part(plan, element, name, headers))
                }
            }
        }
        let boundary = boundary(for: parts.map(\.body))
        var bytes = ByteBuffer()
        for (head, body) in parts {
            bytes.writeString("--\(boundary)\r\n\(head)\r\n")
            bytes.writeImmutableBuffer(body)
            bytes.writeStaticString("\r\n")
        }
        bytes.writeString("--\(boundary)--\r\n")
        let essence = mediaType.prefix { $0 != ";" }
        return (bytes, "\(essence.contains("*") ? "multipart/form-data" : essence); boundary=\(boundary)")
    }

    private static func part(
        _ plan: PartPlan, _ value: JSONValue, _ argument: String, _ headers: String
    ) throws(HubError) -> (head: String, body: ByteBuffer) {
        var disposition = "Content-Disposition: form-data; name=\"\(quoted(plan.name))\""
        var type = plan.mediaType
        let body: ByteBuffer
        switch plan.content {
        case .file:
            let file = try FileContent(value, argument: argument)
            disposition += "; filename=\"\(quoted(file.name ?? plan.name))\""
            type = file.mediaType ?? type ?? "application/octet-stream"
            body = ByteBuffer(bytes: file.bytes)
        case .json:
            type = type ?? "application/json"
            body = value.rawBytes
        case .plain where value.kind == .object || value.kind == .array:
            type = type ?? "application/json"
            body = value.rawBytes
        case .plain, .members:
            body = ByteBuffer(string: ParameterShape.text(value))
        }
        return (disposition + "\r\n" + (type.map { "Content-Type: \($0)\r\n" } ?? "") + headers, body)
    }

    /// The lines of a part's further headers.
    private static func headers(of plan: PartPlan, _ values: [JSONValue?], _ slots: [ArgumentSlot]) throws(HubError) -> String {
        var lines = ""
        for header in plan.headers {
            switch header {
            case .constant(let name, let value):
                lines += "\(name): \(value)\r\n"
            case .argument(let header, let isRequired, let fallback):
                let name = slots[header.slot].name
                let value = try values[header.slot].map { value throws(HubError) in
                    try HeaderRule.check(ParameterWriter.header(header, value), argument: name)
                }
                if let value = value ?? fallback {
                    lines += "\(header.name): \(value)\r\n"
                } else if isRequired {
                    throw HubError(.invalidArguments, "argument \"\(name)\" is missing; \"\(slots[plan.slot].name)\" needs it")
                }
            }
        }
        return lines
    }

    // As browsers write them (HTML, multipart/form-data encoding algorithm).
    private static func quoted(_ name: String) -> String {
        name.replacing("\"", with: "%22").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }

    private static func boundary(for bodies: [ByteBuffer]) -> String {
        var content = FNV1a()
        for body in bodies { content.combine(body.readableBytesView) }
        var hash = content.value
        while true {
            let digits = String(hash, radix: 16)
            let boundary = "hubd-" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
            let bytes = Array(boundary.utf8)
            if !bodies.contains(where: { $0.readableBytesView.firstRange(of: bytes) != nil }) { return boundary }
            hash = hash &* 0x5851_F42D_4C95_7F2D &+ 1
        }
    }
}
