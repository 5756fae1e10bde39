import HubCore

extension AnswerSettings {
    /// What stands in a `response` of the configuration.
    init(_ value: ConfigValue?) {
        self.init()
        guard let value else { return }
        keep = value["keep"]?.elements.compactMap(\.string) ?? []
        listsFields = value["fields"]?.json.bool
        maximumBytes = value["bytes"]?.byteSize
        maximumItems = value["items"]?.json.int
        maximumFileBytes = value["files"]?.byteSize
        wait = value["wait"]?.string.flatMap { Duration(setting: $0) }
        pages = value["pages"].flatMap { PageSettings($0) }
    }
}

extension PageSettings {
    fileprivate init?(_ value: ConfigValue) {
        guard let most = value.json.int ?? value["most"]?.json.int else { return nil }
        self.init(most: most)
        items = value["items"]?.string
        if value["link"] != nil { way = .linkHeader }
        if let pointer = value["next"]?.string { way = .link(pointer) }
        if let from = value["cursor"]?["from"]?.string, let argument = value["cursor"]?["argument"]?.string {
            way = .cursor(from: from, argument: argument)
        }
        if let argument = value["offset"]?.string { way = .offset(argument: argument) }
        if let argument = value["page"]?.string { way = .page(argument: argument) }
    }
}
