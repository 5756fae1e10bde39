import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Tells a caller whose arguments do not fit what the arguments are, where the list did not say it.
struct SchemaHint: Policy {
    private static let maximumArgumentBytes = 1_024
    private static let maximumBytes = 2_048
    private let schema: ByteBuffer
    /// Made when first needed, by argument: there are only so many, and each costs a walk through the schema.
    private let ready = NIOLockedValueBox<[String?: String]>([:])

    init(schema: ByteBuffer) { self.schema = schema }

    func apply(to call: Call, context: CallContext, next: Next) async throws -> CallResponse {
        do {
            return try await next(call, context)
        } catch let error as HubError where error.code == .invalidArguments {
            var error = error
            error.message += "\n" + hint(for: error.argument)
            throw error
        }
    }

    private func hint(for argument: String?) -> String {
        if let known = ready.withLockedValue({ $0[argument] }) { return known }
        let made = made(for: argument)
        ready.withLockedValue { $0[argument] = made }
        return made
    }

    /// The schema of the one argument, or of all of them where it is not about one.
    private func made(for argument: String?) -> String {
        if let argument, let alone = alone(argument) {
            return "Schema of \"\(argument)\": " + Self.text(alone, limit: Self.maximumArgumentBytes)
        }
        return "Schema of the arguments: " + Self.text(schema, limit: Self.maximumBytes)
    }

    private func alone(_ argument: String) -> ByteBuffer? {
        guard let document = try? JSONDocument(parsing: schema, limits: .description),  // ours: it parses
            let property = document.root["properties"]?[argument], property.kind == .object
        else { return nil }
        var json = JSONWriter()
        json.beginObject()
        for (name, value) in property.members {
            json.key(name.string ?? "")
            json.value(value)
        }
        // What the argument does not use goes with the first step of the pruner.
        if let definitions = document.root["$defs"], String(buffer: property.rawBytes).contains("\"$ref\"") {
            json.key("$defs")
            json.value(definitions)
        }
        json.endObject()
        return json.buffer
    }

    private static func text(_ schema: ByteBuffer, limit: Int) -> String {
        guard schema.readableBytes > limit, var pruner = SchemaPruner(schema) else { return String(buffer: schema) }
        var shorter = schema
        for step in 1...SchemaPruner.steps {
            shorter = pruner.schema(afterStep: step)
            if shorter.readableBytes <= limit { return String(buffer: shorter) }
        }
        return String(String(buffer: shorter).prefix(limit)) + "…"
    }
}
