import HubCore
import SpecIngest

/// The names under which `hubd tools` lists operations: their own, and what each client's limits make of them.
enum ListedNames {
    /// The operations by name; a name of one's own comes before what another's was made to.
    static func operations(_ operations: [IngestedOperation]) -> [String: IngestedOperation] {
        let names = operations.map(\.tool.name)
        var found = Dictionary(zip(names, operations), uniquingKeysWith: { first, _ in first })
        for profile in ClientProfile.allCases {
            for (name, operation) in zip(profile.names(names), operations) where found[name] == nil { found[name] = operation }
        }
        return found
    }
}
