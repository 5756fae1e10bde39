import HubServer

/// The two listeners of a hub.
struct Listeners: Sendable {
    var `public`: Listener
    var admin: Listener

    /// Accepts no more connections for the moment; those that were accepted are served.
    func pause() async {
        await `public`.pause()
        await admin.pause()
    }

    /// Accepts again.
    func resume() async {
        await `public`.resume()
        await admin.resume()
    }

    /// Ends both, the public one when what is being answered is out.
    func shutDown(idleGrace: Duration) async {
        async let publicEnd: Void = `public`.shutDown(limit: HubProcess.drainLimit, idleGrace: idleGrace)
        async let adminEnd: Void = admin.shutDown(limit: max(.seconds(1), idleGrace), idleGrace: idleGrace)
        _ = await (publicEnd, adminEnd)
    }
}
