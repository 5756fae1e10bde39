import NIOCore

@testable import hubd

/// Files that exist only in a test.
struct SettingsTestFiles {
    let files: [String: String]

    /// A file system with these files.
    var disk: ConfigFiles {
        let files = files
        return ConfigFiles(
            read: { (path, maximumBytes) throws(ConfigFileError) in
                guard let text = files[path] else { throw ConfigFileError(isMissing: true, reason: "there is no such file") }
                guard text.utf8.count <= maximumBytes else { throw ConfigFileError(reason: "it is larger than \(maximumBytes) bytes") }
                return ByteBuffer(string: text)
            },
            list: { directory in
                let prefix = directory.isEmpty ? "" : directory + "/"
                return files.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.filter { !$0.contains("/") }
            })
    }

    /// Loads `hub.yaml` of them.
    func load(_ overrides: SettingsOverrides = SettingsOverrides()) -> (settings: Settings?, findings: [ConfigFinding]) {
        let (settings, findings) = SettingsLoader.load(path: "hub.yaml", overrides: overrides, disk: disk)
        return (settings, findings)
    }

    /// Loads a single file.
    static func load(_ text: String, _ overrides: SettingsOverrides = SettingsOverrides()) -> (
        settings: Settings?, findings: [ConfigFinding]
    ) {
        SettingsTestFiles(files: ["hub.yaml": text]).load(overrides)
    }
}
