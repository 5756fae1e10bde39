import CHubSystem
import NIOCore

/// The threads that serve.
enum EventLoops {
    /// Makes one for each processor that this process may run on. NIO counts those of the machine or the control group, and a process
    /// that is held to fewer would have its loops take turns. Before the first of them is made; later it changes nothing.
    static func matchProcessors() {
        let allowed = Int(hub_processor_count())
        if allowed > 0, allowed < System.coreCount { NIOSingletons.groupLoopCountSuggestion = allowed }
    }
}
