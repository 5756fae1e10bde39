import HubCore
import NIOCore

/// Puts the input schema of each tool together: one closed object of arguments, and under `$defs` what its schemas share.
///
/// A shared schema that a tool uses once, or that is tiny, stands where it is used; what is used more often or contains itself
/// stands once under `$defs`. Every `$ref` that is written has its definition written too. A tool, and a document as a whole,
/// has a bound; what is farthest from the arguments becomes the schema that takes everything.
struct InputSchemaComposer {
    /// One argument of a tool.
    struct Argument {
        var name: String
        var use: SchemaUse
        /// Goes before the schema's own description.
        var description: String?
        var isRequired: Bool
    }

    private static let maximumToolBytes = 128 << 10
    private static let crowdedToolBytes = 4 << 10
    private let shaper: SchemaShaper
    private var remainingBytes = 4 << 20

    init(_ shaper: SchemaShaper) {
        self.shaper = shaper
    }

    /// The schema for these arguments, and whether parts of it had to be left out.
    mutating func compose(_ arguments: [Argument]) -> (schema: ByteBuffer, isPruned: Bool) {
        let isCrowded = remainingBytes <= 0
        var composition = Composition(
            shaper: shaper, budget: isCrowded ? Self.crowdedToolBytes : Self.maximumToolBytes,
            largest: isCrowded ? Self.crowdedToolBytes : .max)
        composition.measure(arguments)
        composition.write(arguments)
        remainingBytes -= composition.bytes.readableBytes
        return (composition.bytes, composition.isPruned)
    }
}

/// Puts the schema of each tool's answer together: short, for it is there to be read, and nothing is checked against it.
struct AnswerSchemaComposer {
    private static let maximumToolBytes = 4 << 10
    private static let largestSchema = 1 << 20
    private let shaper: SchemaShaper
    private var remainingBytes = 8 << 20
    private var known: [Int: ByteBuffer?] = [:]

    init(_ shaper: SchemaShaper) {
        self.shaper = shaper
    }

    /// The schema at `node`, its deepest parts left out where it is long; nil where it says nothing.
    mutating func compose(_ node: JSONValue) -> ByteBuffer? {
        let use = shaper.use(of: node, named: "")
        guard case .shared(let target, _) = use else { return shortened(use) }
        if let schema = known[target] { return schema }
        let schema = shortened(use)
        known[target] = .some(schema)
        return schema
    }

    private mutating func shortened(_ use: SchemaUse) -> ByteBuffer? {
        guard remainingBytes > 0 else { return nil }
        var composition = Composition(shaper: shaper, budget: Self.maximumToolBytes, largest: Self.largestSchema)
        composition.write(use)
        var schema = composition.bytes
        // To shorten a long one takes time.
        remainingBytes -= schema.readableBytes / 16
        if schema.readableBytes > Self.maximumToolBytes, var pruner = SchemaPruner(schema) {
            var step = 0
            while schema.readableBytes > Self.maximumToolBytes, step < SchemaPruner.steps {
                step += 1
                schema = pruner.schema(afterStep: step)
            }
        }
        guard (3...2 * Self.maximumToolBytes).contains(schema.readableBytes) else { return nil }
        remainingBytes -= schema.readableBytes
        return schema
    }
}

/// The writing of one schema.
private struct Composition {
    private static let maximumInlineDepth = 40
    private static let tinyBytes = 200
    let shaper: SchemaShaper
    var budget: Int
    /// The most bytes that one schema, which only has to begin in the budget, may have.
    let largest: Int
    private(set) var bytes = ByteBuffer()
    private(set) var isPruned = false
    private var uses: [Int: Int] = [:]
    private var needed: [Int] = []
    private var isNeeded: Set<Int> = []
    /// The arguments whose own schema is too large.
    private var leftOut: Set<Int> = []

    init(shaper: SchemaShaper, budget: Int, largest: Int) {
        self.shaper = shaper
        self.budget = budget
        self.largest = largest
    }

    // MARK: What is used, and how often

    /// Counts the uses of each shared schema, nearest first, until the budget is spent.
    mutating func measure(_ arguments: [InputSchemaComposer.Argument]) {
        measure(arguments.map(\.use))
    }

    private mutating func measure(_ roots: [SchemaUse]) {
        var queue: [Int] = []
        for (position, root) in roots.enumerated() {
            switch root {
            case .inline(let fragment):
                guard takes(fragment) || fragment.members.readableBytes <= Self.tinyBytes else {
                    leftOut.insert(position)
                    continue
                }
                count(fragment.holes, queue: &queue)
            case .shared(let target, _):
                count(target, times: 1, queue: &queue)
            }
        }
        var next = 0
        while next < queue.count {
            count(shaper.fragment(of: queue[next]).holes, queue: &queue)
            next += 1
        }
    }

    private mutating func count(_ holes: [SchemaFragment.Hole], queue: inout [Int]) {
        for hole in holes {
            switch hole.kind {
            case .schema: count(hole.target, times: 1, queue: &queue)
            // A member of an object with other members cannot be replaced by the schema itself.
            case .member: count(hole.target, times: 2, queue: &queue)
            }
        }
    }

    private mutating func count(_ target: Int, times: Int, queue: inout [Int]) {
        if let known = uses[target] {
            uses[target] = known + times
            return
        }
        guard takes(shaper.fragment(of: target)) else { return }
        uses[target] = times
        queue.append(target)
    }

    /// Pays for a schema; false where it costs too much.
    private mutating func takes(_ fragment: SchemaFragment) -> Bool {
        let size = fragment.members.readableBytes
        guard budget > 0, size <= largest else {
            isPruned = true
            return false
        }
        budget -= size
        return true
    }

    // MARK: Writing

    mutating func write(_ arguments: [InputSchemaComposer.Argument]) {
        bytes.writeStaticString(#"{"type":"object","properties":{"#)
        for (position, argument) in arguments.enumerated() {
            writeKey(argument.name, isFirst: position == 0)
            switch argument.use {
            case .inline where leftOut.contains(position): write(.any, description: argument.description, depth: 3)
            case .inline(let fragment): write(fragment, description: argument.description ?? fragment.description, depth: 3)
            case .shared(let target, let description): write(target, description: argument.description ?? description, depth: 3)
            }
        }
        bytes.writeStaticString("}")
        let required = arguments.filter(\.isRequired)
        if !required.isEmpty {
            var json = JSONWriter()
            json.member("required", required.map(\.name))
            bytes.writeStaticString(",")
            bytes.writeImmutableBuffer(json.buffer)
        }
        bytes.writeStaticString(#","additionalProperties":false"#)
        writeDefinitions()
        bytes.writeStaticString("}")
    }

    /// Writes a schema that stands for itself.
    mutating func write(_ root: SchemaUse) {
        measure([root])
        switch root {
        case .inline where !leftOut.isEmpty: write(.any, description: nil, depth: 1)
        case .inline(let fragment): write(fragment, description: nil, depth: 1)
        case .shared(let target, _): write(target, description: nil, depth: 1)
        }
        guard !needed.isEmpty else { return }
        // The definitions stand in the object that was just closed.
        bytes.moveWriterIndex(to: bytes.writerIndex - 1)
        writeDefinitions()
        bytes.writeStaticString("}")
    }

    private mutating func writeDefinitions() {
        guard !needed.isEmpty else { return }
        bytes.writeStaticString(#","$defs":{"#)
        var next = 0
        while next < needed.count {
            let fragment = shaper.fragment(of: needed[next])
            writeKey(shaper.name(of: needed[next]), isFirst: next == 0)
            write(fragment, description: fragment.description, depth: 3)
            next += 1
        }
        bytes.writeStaticString("}")
    }

    private mutating func write(_ fragment: SchemaFragment, description: String?, depth: Int) {
        bytes.writeStaticString("{")
        if let description {
            writeMember("description", description)
            if fragment.members.readableBytes > 0 || !fragment.holes.isEmpty { bytes.writeStaticString(",") }
        }
        var copied = 0
        for hole in fragment.holes {
            copy(fragment.members, copied..<hole.offset)
            copied = hole.offset
            switch hole.kind {
            case .schema(let description):
                write(hole.target, description: description, depth: depth + hole.depth)
            case .member where uses[hole.target] == nil:
                writeMember("$comment", "left out")
            case .member:
                writeReference(hole.target)
            }
        }
        copy(fragment.members, copied..<fragment.members.readableBytes)
        bytes.writeStaticString("}")
    }

    private mutating func write(_ target: Int, description: String?, depth: Int) {
        let uses = uses[target] ?? 0
        let fragment = shaper.fragment(of: target)
        let isTiny = fragment.holes.isEmpty && fragment.members.readableBytes + (fragment.description?.utf8.count ?? 0) <= Self.tinyBytes
        if uses == 0 {
            write(.any, description: description, depth: depth)
        } else if isTiny || uses == 1, depth + fragment.depth <= Self.maximumInlineDepth {
            // A schema that contains itself is used from outside and from inside, so it never gets here.
            write(fragment, description: description ?? fragment.description, depth: depth + 1)
        } else {
            bytes.writeStaticString("{")
            writeReference(target)
            if let description {
                bytes.writeStaticString(",")
                writeMember("description", description)
            }
            bytes.writeStaticString("}")
        }
    }

    private mutating func writeReference(_ target: Int) {
        writeMember("$ref", "#/$defs/" + shaper.name(of: target))
        if isNeeded.insert(target).inserted { needed.append(target) }
    }

    private mutating func writeKey(_ name: String, isFirst: Bool) {
        if !isFirst { bytes.writeStaticString(",") }
        var json = JSONWriter()
        json.key(name)
        bytes.writeImmutableBuffer(json.buffer)
    }

    private mutating func writeMember(_ name: String, _ value: String) {
        var json = JSONWriter()
        json.member(name, value)
        bytes.writeImmutableBuffer(json.buffer)
    }

    private mutating func copy(_ source: ByteBuffer, _ range: Range<Int>) {
        guard !range.isEmpty, let slice = source.getSlice(at: source.readerIndex + range.lowerBound, length: range.count) else { return }
        bytes.writeImmutableBuffer(slice)
    }
}
