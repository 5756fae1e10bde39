// The room for what must survive a restart: SQLite behind repositories, and the seam for a store that replicas share.
