import HubCore
import NIOCore
import SpecIngest

/// Reads `hub.yaml` and the files it includes, checks them, and makes `Settings` of them.
struct SettingsLoader {
    /// What one file may cost.
    static let limits = JSONLimits(maximumBytes: 4 << 20, maximumDepth: 64, maximumValues: 1 << 18, duplicateKeys: .accept)
    /// What the file of the consumers may cost: a hundred thousand of them are 20 MB.
    static let consumerLimits = JSONLimits(maximumBytes: 128 << 20, maximumDepth: 64, maximumValues: 1 << 24, duplicateKeys: .accept)
    /// How many files one configuration may have.
    static let maximumFiles = 1000

    private let disk: ConfigFiles
    private let overrides: SettingsOverrides
    private var check = GrammarCheck()
    private var files: [ConfigFile] = []
    private var paths: [String] = []
    private var topLevel: [String: SourcePlace] = [:]

    private init(overrides: SettingsOverrides, disk: ConfigFiles) {
        self.overrides = overrides
        self.disk = disk
    }

    /// The settings in the file at `path`, and all that there is to say about it. No settings if one finding is an error.
    static func load(path: String, overrides: SettingsOverrides = SettingsOverrides(), disk: ConfigFiles = .disk) -> (
        Settings?, [ConfigFinding]
    ) {
        var loader = SettingsLoader(overrides: overrides, disk: disk)
        return loader.load(path)
    }

    private mutating func load(_ path: String) -> (Settings?, [ConfigFinding]) {
        guard let main = read(path, isMain: true) else { return (nil, check.findings.findings) }
        walk(main, isMain: true)
        for included in includedPaths(main) {
            guard let file = read(included.value, from: included.place) else { continue }
            walk(file, isMain: false)
        }
        let consumers = consumerLists()
        check.checkReferences()
        var builder = SettingsBuilder(files: files, consumerLists: consumers, overrides: overrides, findings: check.findings)
        var settings = builder.build()
        settings.files = paths
        return (builder.findings.hasErrors ? nil : settings, inReadingOrder(builder.findings.findings))
    }

    /// Findings as they follow in the files; those without a place in a file come last.
    private func inReadingOrder(_ findings: [ConfigFinding]) -> [ConfigFinding] {
        let order = Dictionary(paths.enumerated().map { ($1, $0) }, uniquingKeysWith: min)
        let keyed = findings.enumerated().map { index, finding in
            let position = finding.place.position
            return (key: (order[finding.place.file] ?? .max, position?.line ?? .max, position?.column ?? .max, index), finding: finding)
        }
        return keyed.sorted { $0.key < $1.key }.map(\.finding)
    }

    // MARK: Files

    private mutating func read(
        _ path: String, isMain: Bool = false, from place: SourcePlace? = nil, limits: JSONLimits = Self.limits
    ) -> ConfigFile? {
        let name = SourcePlace(file: path)
        let bytes: ByteBuffer
        do {
            bytes = try disk.read(path, limits.maximumBytes)
        } catch {
            guard isMain else {
                check.findings.error("\(path) cannot be read: \(error.reason)", at: place ?? name)
                return nil
            }
            let hint = error.isMissing && overrides.config == nil ? "name one with --config, or try `hubd demo`, which needs none" : nil
            check.findings.error(error.isMissing ? error.reason : "cannot be read: \(error.reason)", hint: hint, at: name)
            return nil
        }
        paths.append(path)
        do {
            let document = try SourceDocument(reading: bytes, limits: limits)
            return ConfigFile(name: path, directory: ConfigFile.directory(of: path), document: document)
        } catch {
            check.findings.error(error.message, at: SourcePlace(file: path, position: error.position))
            return nil
        }
    }

    /// The files that `includeFiles` means, in its order, those of one pattern by name.
    private mutating func includedPaths(_ main: ConfigFile) -> [Placed<String>] {
        var result: [Placed<String>] = []
        var seen: Set<String> = [paths.first ?? ""]
        for element in main.root["includeFiles"]?.elements ?? [] {
            guard let pattern = element.path else { continue }
            let matches = expand(pattern)
            if matches.isEmpty { check.findings.warning("no file matches", at: element.place) }
            for path in matches where seen.insert(path).inserted { result.append(Placed(value: path, place: element.place)) }
        }
        guard result.count < Self.maximumFiles else {
            check.findings.error("more than \(Self.maximumFiles) files are included", at: SourcePlace(file: main.name))
            return []
        }
        return result
    }

    private func expand(_ pattern: String) -> [String] {
        guard pattern.contains("*") else { return [pattern] }
        let directory = ConfigFile.directory(of: pattern)
        let last = pattern.dropFirst(directory.isEmpty ? 0 : directory == "/" ? 1 : directory.utf8.count + 1)
        guard !directory.contains("*") else { return [] }
        let pattern = NamePattern(String(last))
        let names = disk.list(directory).filter { !$0.hasPrefix(".") && pattern.matches($0) }
        return names.sorted().map { ConfigFile.join(directory, $0) }
    }

    /// The mappings of consumers by name: those in the files, and those of the files that they name.
    private mutating func consumerLists() -> [ConfigValue] {
        var lists: [ConfigValue] = []
        for file in files {
            guard let consumers = file.root["consumers"], consumers.json.kind == .object else { continue }
            guard consumers.json.count == 1, let named = consumers["file"], let path = named.path else {
                lists.append(consumers)
                continue
            }
            guard let foreign = read(path, from: named.place, limits: Self.consumerLimits) else { continue }
            let context = GrammarCheck.Context(label: "the list of consumers", place: foreign.root.place)
            check.check(foreign.root, HubGrammar.consumersByName, in: context)
            lists.append(foreign.root)
        }
        return lists
    }

    // MARK: Form

    /// Checks one file along the grammar. A file without content says nothing, which an included file may.
    private mutating func walk(_ file: ConfigFile, isMain: Bool) {
        let root = file.root
        if root.json.isNull, !isMain { return }
        guard root.json.kind == .object else {
            check.findings.error(
                "a configuration is a mapping of keys such as upstreams and servers", hint: "try `hubd demo`", at: root.place)
            return
        }
        files.append(file)
        var seen: [String: SourcePlace] = [:]
        for (key, value) in root.members {
            guard let field = HubGrammar.root.field(key.string ?? "") else {
                check.unknownKey(key, HubGrammar.root)
                continue
            }
            if field.name == "includeFiles", !isMain {
                check.findings.error(
                    "an included file cannot include others", hint: "list them in \(paths.first ?? "hub.yaml")", at: key.place)
                continue
            }
            guard !check.isRepeated(key, in: &seen) else { continue }
            if !HubGrammar.mergedKeys.contains(field.name), check.isRepeated(key, in: &topLevel) { continue }
            check.check(value, field, key: key, isLater: false)
        }
    }
}
