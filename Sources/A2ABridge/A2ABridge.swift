// The room for agents: REST and SOAP applications as A2A agents, and existing agents behind one door.
