import FoundationEssentials

extension ChildProcessSettings {
    /// The environment of this process, secrets included.
    public static var hubEnvironment: [String: String] { ProcessInfo.processInfo.environment }

    /// Where programs are, whose they are, how they speak: nothing that the hub was told for itself alone.
    private static let inheritedNames: Set = [
        "HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER",
    ]

    /// Whether a variable is handed on. A value that a shell would take for a function is not.
    static func isInherited(_ name: String, _ value: String) -> Bool {
        (inheritedNames.contains(name) || name.hasPrefix("LC_")) && !value.hasPrefix("()")
    }
}
