import CHubSystem
import Glibc

/// What the process gives up so that secrets stay in it.
enum ProcessHardening {
    /// No core dumps, no debuggers of the same user; a closed pipe is an error, not the end; as many files as may be open.
    static func apply() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(4), &none)  // RLIMIT_CORE
        _ = hub_disable_dumping()
        signal(SIGPIPE, SIG_IGN)
        var files = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(7), &files) == 0 {  // RLIMIT_NOFILE
            files.rlim_cur = files.rlim_max
            _ = unsafe setrlimit(__rlimit_resource_t(7), &files)
        }
    }
}
