// The room for rules around calls: authentication, permission, limits, guardrails, masking, cache, metering. What a rule is stands in HubCore.
