import HubCore

/// The path of an operation: what the template says word for word, and where arguments stand.
struct PathPlan: Sendable {
    enum Piece: Sendable {
        /// Percent-encoded text.
        case literal([UInt8])
        /// The argument a plan writes.
        case parameter(ParameterPlan)
    }

    static let maximumValueBytes = 2_048
    var pieces: [Piece]
    /// What the template itself puts into the query, percent-encoded.
    var query: [UInt8]

    /// The path for these arguments.
    ///
    /// - Throws: `HubError` where an argument could leave its place: empty, a dot segment, control characters, or too long.
    func write(_ values: [JSONValue?], _ slots: [ArgumentSlot]) throws(HubError) -> [UInt8] {
        var path: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .literal(let bytes):
                path.append(contentsOf: bytes)
            case .parameter(let plan):
                guard let value = values[plan.slot] else { continue }
                try Self.check(value, plan, slots[plan.slot].name)
                ParameterWriter.appendPath(plan, value, to: &path)
            }
        }
        // Several arguments may share a segment, so the segments are looked at whole (RFC 3986 §5.2.4).
        for segment in path.split(separator: UInt8(ascii: "/")) where Self.isDotSegment(segment) {
            throw HubError(
                .invalidArguments, "the path arguments together make \".\" or \"..\" of a part of the path; they must name something")
        }
        return path
    }

    /// Whether a segment means "here" or "up" to some server, in any spelling of the dot.
    static func isDotSegment(_ segment: ArraySlice<UInt8>) -> Bool {
        guard segment.count <= 6, let first = segment.first, first == UInt8(ascii: ".") || first == UInt8(ascii: "%") else { return false }
        return HTTPAddress.isDotSegment(String(decoding: segment, as: UTF8.self))
    }

    private static func check(_ value: JSONValue, _ plan: ParameterPlan, _ name: String) throws(HubError) {
        let texts: [String]
        switch plan.shape(of: value) {
        case .scalar(let text): texts = [text]
        case .list(let items): texts = items
        case .pairs(let pairs): texts = pairs.flatMap { [$0.name, $0.value] }
        }
        guard texts.contains(where: { !$0.isEmpty }) else { throw HubError(.invalidArguments, "argument \"\(name)\" must not be empty") }
        guard texts != ["."], texts != [".."] else { throw HubError(.invalidArguments, "argument \"\(name)\" must not be \".\" or \"..\"") }
        guard texts.reduce(0, { $0 + $1.utf8.count }) <= maximumValueBytes else {
            throw HubError(.invalidArguments, "argument \"\(name)\" must not be longer than \(maximumValueBytes) bytes")
        }
        guard !texts.contains(where: { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } }) else {
            throw HubError(.invalidArguments, "argument \"\(name)\" must not contain control characters")
        }
    }
}
