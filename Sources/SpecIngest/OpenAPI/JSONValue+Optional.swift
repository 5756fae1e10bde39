import HubCore

extension JSONValue? {
    /// The members, where there is an object.
    var memberList: [(name: JSONValue, value: JSONValue)] {
        map { Array($0.members) } ?? []
    }

    /// The elements, where there is an array.
    var elementList: [JSONValue] {
        map { Array($0.elements) } ?? []
    }
}
