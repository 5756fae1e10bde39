"""The scenarios that MCP's conformance suite scores for servers, by its names and with the ids of its checks."""
