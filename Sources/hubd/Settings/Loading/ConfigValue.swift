import HubCore
import SpecIngest

/// One file of the configuration, read.
struct ConfigFile: Sendable {
    /// The file as messages show it.
    var name: String
    /// The folder that relative paths in it start from; empty for the current one.
    var directory: String
    /// Its content.
    var document: SourceDocument

    /// The one value of the file.
    var root: ConfigValue { ConfigValue(json: document.json.root, file: self) }

    /// A path of this file as the process can open it.
    func resolve(_ path: String) -> String { Self.join(directory, path) }

    /// `path` below `directory`, unless it is absolute.
    static func join(_ directory: String, _ path: String) -> String {
        guard !path.hasPrefix("/"), !directory.isEmpty else { return path }
        let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return directory.hasSuffix("/") ? directory + relative : directory + "/" + relative
    }

    /// The folder of a path; empty for the current one.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// A value of the configuration with the file it stands in.
struct ConfigValue: Sendable {
    /// The value.
    var json: JSONValue
    /// Its file.
    var file: ConfigFile

    /// Where it stands.
    var place: SourcePlace { SourcePlace(file: file.name, position: file.document.position(of: json)) }
    /// The text of a string.
    var string: String? { json.string }
    /// A size in bytes, as a number or with a unit.
    var byteSize: Int? { json.int ?? string.flatMap(ByteSize.parse) }
    /// A path that is written here, as the process can open it.
    var path: String? { json.string.map(file.resolve) }

    /// The value of a member.
    subscript(_ name: String) -> ConfigValue? { json[name].map { ConfigValue(json: $0, file: file) } }

    /// The members of an object in the order written: the key, which has a place too, and the value.
    var members: [(key: ConfigValue, value: ConfigValue)] {
        json.members.map { (ConfigValue(json: $0.name, file: file), ConfigValue(json: $0.value, file: file)) }
    }

    /// The elements of an array.
    var elements: [ConfigValue] { json.elements.map { ConfigValue(json: $0, file: file) } }
}

/// A setting and where it was written, so that what is found out about it later can be said there.
struct Placed<Value: Sendable & Hashable>: Sendable, Hashable {
    /// The setting.
    var value: Value
    /// Where it stands.
    var place: SourcePlace
}
