public import HubCore

/// The rules of one entry, made ready for the tools that it shows. Immutable; one per entry and snapshot.
///
/// Names are compared when it is made. A call then costs a look-up of its caller, one of its tool, and a step for each rule that is about the
/// tool. What is kept grows with the rules and the tools, never with the callers.
public struct CompiledAccess: EntryPermission {
    /// The rules in the order written.
    public let rules: [AccessRule]
    private let consumers: Clause
    private let groups: Clause
    private let scopes: Clause
    /// The rules that look at claims.
    private let withClaims: [Int]
    /// The rules about a tool, in order, as a place in `orders`: most tools share theirs with others.
    private let tools: [ExactText: Int]
    private let orders: [[Int]]

    /// What of a caller one part of the rules looks at.
    private struct Clause: Sendable {
        /// The rules without this part.
        var free: CallerStanding
        /// The rules that name somebody, by the name.
        var named: [ExactText: CallerStanding] = [:]

        init(_ rules: [AccessRule], _ names: (AccessRule) -> [ExactText]?) {
            free = CallerStanding(none: rules.count)
            for (index, rule) in rules.enumerated() {
                guard let names = names(rule) else {
                    free.insert(index)
                    continue
                }
                for name in names { named[name, default: CallerStanding(none: rules.count)].insert(index) }
            }
        }

        /// The rules that fit somebody who goes by any of these names; a token may have very many.
        func rules(of names: Set<ExactText>) -> CallerStanding {
            var fitting = free
            if names.count <= named.count {
                for name in names { named[name].map { fitting.formUnion($0) } }
            } else {
                for (name, rules) in named where names.contains(name) { fitting.formUnion(rules) }
            }
            return fitting
        }
    }

    /// - Parameters:
    ///   - rules: in the order written.
    ///   - tools: all that the entry shows, by the names that it shows.
    public init(_ rules: [AccessRule], tools: some Sequence<(name: String, risk: Risk)>) {
        self.rules = rules
        consumers = Clause(rules, \.consumers)
        groups = Clause(rules, \.groups)
        scopes = Clause(rules, \.scopes)
        withClaims = rules.indices.filter { !rules[$0].claims.isEmpty }
        var (known, orders, places) = ([ExactText: Int](), [[Int]](), [[Int]: Int]())
        for (name, risk) in tools {
            let bytes = Array(name.utf8)
            var order: [Int] = []
            for (index, rule) in rules.enumerated() where risk <= rule.maxRisk && rule.names(bytes) {
                order.append(index)
                // What stands after a rule that is about everybody and every call decides nothing.
                if rule.isAboutEverybody, rule.conditions.isEmpty { break }
            }
            let place = places[order] ?? orders.count
            if place == orders.count {
                places[order] = place
                orders.append(order)
            }
            known[ExactText(name)] = place
        }
        self.tools = known
        self.orders = orders
    }

    /// The rules whose parts about the caller all fit.
    public func standing(of principal: Principal) -> CallerStanding {
        var standing = consumers.rules(of: [ExactText(principal.consumer)])
        standing.formIntersection(groups.rules(of: principal.groups))
        standing.formIntersection(scopes.rules(of: Set((principal.scopes ?? []).map { ExactText($0) })))
        for index in withClaims where standing.contains(index) {
            if !rules[index].claims.allSatisfy({ $0.fits(principal.claims?.root) }) { standing.remove(index) }
        }
        return standing
    }

    /// Whether the first rule that decides without looking at arguments, or allows some of them, allows.
    public func shows(tool: String, to standing: CallerStanding) -> Bool {
        for index in order(of: tool) where standing.contains(index) {
            switch rules[index].effect {
            case .allow: return true
            case .deny: if rules[index].conditions.isEmpty { return false }
            }
        }
        return false
    }

    /// Whether the first rule that matches the call allows.
    public func allows(tool: String, arguments: JSONValue?, to standing: CallerStanding) -> Bool {
        decidingRule(tool: tool, arguments: arguments, standing).map { rules[$0].effect == .allow } ?? false
    }

    /// The number from 0 of the rule that decides about a call; nil where none matches.
    func decidingRule(tool: String, arguments: JSONValue?, _ standing: CallerStanding) -> Int? {
        order(of: tool).first { standing.contains($0) && rules[$0].fits(arguments) }
    }

    /// Prompts and resources are for whom a rule allows anything, before one denies everything.
    public func showsItems(to standing: CallerStanding) -> Bool {
        for (index, rule) in rules.enumerated() where standing.contains(index) {
            switch rule.effect {
            case .allow: return true
            case .deny: if rule.isAboutEveryName, rule.conditions.isEmpty { return false }
            }
        }
        return false
    }

    private func order(of tool: String) -> [Int] { tools[ExactText(tool)].map { orders[$0] } ?? [] }
}
