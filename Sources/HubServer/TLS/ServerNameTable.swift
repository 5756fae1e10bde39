/// Finds the certificate for a host name.
///
/// 1. The first with exactly this name.
/// 2. The first with `*.` and what follows the name's first label.
/// 3. The first of all: also for callers that name no host.
struct ServerNameTable: Sendable, Hashable {
    private var exact: [String: Int] = [:]
    private var wildcards: [String: Int] = [:]

    /// A table of the names of each certificate, in order.
    init(_ names: [[String]]) {
        for (index, names) in names.enumerated() {
            for name in names {
                let name = Self.normalized(name)
                if name.hasPrefix("*.") {
                    let rest = String(name.dropFirst(2))
                    wildcards[rest] = wildcards[rest] ?? index
                } else {
                    exact[name] = exact[name] ?? index
                }
            }
        }
    }

    /// The place of the certificate for `name`.
    func index(for name: String?) -> Int {
        guard let name = name.map(Self.normalized) else { return 0 }
        if let index = exact[name] { return index }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return 0 }
        return wildcards[String(name[name.index(after: dot)...])] ?? 0
    }

    private static func normalized(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
