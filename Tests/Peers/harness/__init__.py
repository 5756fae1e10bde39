"""What the peer tests stand on: the hub as a process, upstreams, SDK clients, a recorder, and raw requests."""
