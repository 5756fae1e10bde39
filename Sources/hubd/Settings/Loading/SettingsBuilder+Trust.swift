import HubCore
import MCPHub

extension SettingsBuilder {
    /// What an entry says of trust.
    func trust(_ entry: ConfigValue) -> TrustEntry {
        var trust = TrustEntry()
        guard let value = entry["trust"] else { return trust }
        trust.pin = value["pin"]?.string.flatMap { TrustEntry.Pin(rawValue: $0) }
        trust.areResultsUntrusted = value["results"]?.string == "untrusted"
        let patterns = { (value: ConfigValue) in value.elements.compactMap { $0.string.map { NamePattern($0) } } }
        trust.flows = (value["flows"]?.elements ?? []).map { flow in
            FlowRule(
                after: flow["after"].map(patterns), deny: flow["deny"].map(patterns) ?? [],
                // A rule that is there for a part of a second is there for one.
                seconds: duration(flow["for"]).map { max(1, $0.components.seconds) } ?? FlowRule.defaultSeconds)
        }
        return trust
    }
}
