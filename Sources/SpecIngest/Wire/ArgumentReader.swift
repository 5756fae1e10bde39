import HubCore

/// Sorts the arguments of a call into the slots of an operation. Made once per operation; no schema is looked at for a call.
struct ArgumentReader: Sendable {
    let slots: [ArgumentSlot]
    private let numbers: [String: Int]
    private let repairs: RepairPlan

    init(_ slots: [ArgumentSlot], repairs: RepairPlan = .none) {
        self.slots = slots
        self.repairs = repairs
        self.numbers = Dictionary(slots.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The value for each slot, put right where its kind was a slip; nil where none was given.
    ///
    /// - Throws: `HubError` with `.invalidArguments`: no object, an unknown name, a required one missing, or a value of the wrong kind.
    func read(_ arguments: JSONValue?) throws(HubError) -> [JSONValue?] {
        var values = [JSONValue?](repeating: nil, count: slots.count)
        if let arguments, !arguments.isNull {
            guard arguments.kind == .object else { throw HubError(.invalidArguments, "the arguments must be an object") }
            for (name, value) in arguments.members {
                let name = name.string ?? ""
                guard let number = numbers[name] else { throw unknown(name) }
                let slot = slots[number]
                if value.isNull {
                    // In a JSON body null is a value (RFC 7396 makes it "remove"); elsewhere models write it for what they leave out.
                    values[number] = slot.keepsNull ? value : nil
                } else {
                    let value = try ArgumentRepair.value(value, for: slot)
                    if slot.isConstant { try Self.check(value, slot) }
                    values[number] = slot.repairs.map { repairs.repaired(value, at: $0) } ?? value
                }
            }
        }
        for (number, slot) in slots.enumerated() where values[number] == nil { values[number] = slot.defaultValue }
        for (slot, value) in zip(slots, values) where slot.isRequired && value == nil {
            throw HubError(
                .invalidArguments, "argument \"\(slot.name)\" is missing; it must be \(slot.kinds.phrase)", argument: slot.name)
        }
        return values
    }

    /// Callers are not told of an argument with one value, but who knows the API may give it.
    private static func check(_ value: JSONValue, _ slot: ArgumentSlot) throws(HubError) {
        guard let only = slot.defaultValue.map({ JSONCompactor.text($0) }), JSONCompactor.text(value) != only else { return }
        throw HubError(.invalidArguments, "argument \"\(slot.name)\" is always \(only); leave it out")
    }

    private func unknown(_ name: String) -> HubError {
        let slots = slots.filter { !$0.isConstant }
        let shown = FindingLog.quoted(name)
        if slots.isEmpty { return HubError(.invalidArguments, "there is no argument \(shown): this tool takes none") }
        return HubError(.invalidArguments, "there is no argument \(shown); \(NearestName.hint(for: name, among: slots.map(\.name)))")
    }
}
