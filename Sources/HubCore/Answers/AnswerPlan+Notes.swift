/// What a caller is told about an answer that is not all there was, and about the way to the rest.
extension AnswerPlan {
    /// What has to be said about items that were not all taken; nil where they were.
    public func note(on collector: ItemCollector, reason: ItemsLeft) -> String? {
        let shown = "Showing the first \(CountText.count(collector.count)) items of a stream"
        switch (collector.end, reason) {
        case (.done, _), (nil, .none): return nil
        case (.items, _): return shown + ", which was not read further."
        case (.bytes, _): return shown + ", which was not read further, to keep the answer under \(CountText.bytes(bounds.bytes))."
        case (.itemTooLarge, _): return shown + ": the next one is larger than \(CountText.bytes(collector.maximumItemBytes))."
        case (.surplus, _): return shown + ", which is not read beyond \(CountText.bytes(ItemCollector.maximumReceived))."
        case (.malformed, _): return shown + ": what follows cannot be read."
        case (nil, .time): return shown + ", which was listened to for \(bounds.wait.components.seconds) s."
        case (nil, .failure(let message)): return shown + ", which broke off: \(message)."
        }
    }

    /// What has to be said where nothing is in an answer of what was chosen.
    static func note(onMissing root: JSONValue, isCaller: Bool) -> String {
        guard isCaller else { return "None of the parts that are kept is in this answer." }
        let sample = root.kind == .array ? root.elements.first { _ in true } : root
        let names = (sample?.members ?? .none).prefix(20).compactMap(\.name.string).map { CountText.quoted($0) }
        return "Nothing of \(fieldsArgument) is in this answer" + (names.isEmpty ? "." : "; it has \(names.joined(separator: ", ")).")
    }

    /// What has to be said about lists that were cut.
    func notes(on cut: AnswerCut, of document: JSONDocument, for request: Request) -> [String] {
        guard let first = cut.places.max(by: { $0.total - $0.shown < $1.total - $1.shown }) else { return [] }
        let list = JSONPointer.value(at: first.path, in: document.root)
        let what = list?.kind == .object ? "members" : "items"
        var text = "Showing \(CountText.count(first.shown)) of \(CountText.count(first.total)) \(what)"
        if !first.path.isEmpty { text += " of \(Self.dotted(first.path))" }
        if cut.places.count > 1 { text += ", and only parts at \(CountText.count(cut.places.count - 1)) other places" }
        text += bounds.items.map { first.shown >= $0 } ?? false ? "." : ", to keep the answer under \(CountText.bytes(bounds.bytes))."
        return [text + wayToRest(first, list, request)]
    }

    /// 1. The elements after those shown, where an argument skips elements.
    /// 2. Smaller pages, where an argument says how large they are.
    /// 3. The next page, where an argument counts them.
    /// 4. Less of each element.
    private func wayToRest(_ place: AnswerCut.Place, _ list: JSONValue?, _ request: Request) -> String {
        var ways: [String] = []
        let number = { (name: String) in request.arguments?[name].flatMap { $0.int ?? $0.string.flatMap { Int($0) } } }
        if list?.kind == .array, place.path.allSatisfy({ Int($0) == nil }) {
            if let offset = arguments.offset {
                ways.append("the rest: pass \(offset)=\((number(offset) ?? 0).addingReportingOverflow(place.shown).partialValue)")
            } else if let limit = arguments.limit, let next = arguments.page ?? arguments.cursor {
                // Where the caller is on a later page, smaller pages have other numbers.
                let isFirst = arguments.page != nil && (number(next) ?? arguments.firstPage) == arguments.firstPage
                let second =
                    isFirst
                    ? ", and for the one after the first \(next)=\(arguments.firstPage.addingReportingOverflow(1).partialValue)" : ""
                ways.append("smaller pages: pass \(limit)=\(place.shown)\(second)")
            } else if let page = arguments.page {
                let current = number(page) ?? arguments.firstPage
                ways.append("the next page: pass \(page)=\(current.addingReportingOverflow(1).partialValue)")
            } else if let limit = arguments.limit {
                ways.append("fewer: pass \(limit)=\(place.shown)")
            }
        }
        if takesFields, request.fields == nil {
            let element = list?.kind == .array ? list?.elements.first { _ in true } : nil
            let names = (element?.members ?? .none).prefix(2).compactMap(\.name.string).filter { !$0.contains(".") && $0.utf8.count <= 64 }
            let prefix = place.path.filter { Int($0) == nil }
            let paths = names.map { CountText.quoted((prefix + [$0]).joined(separator: ".")) }
            let example = paths.isEmpty ? "a list of paths" : "[\(paths.joined(separator: ", "))]"
            ways.append("less of each: pass \(Self.fieldsArgument)=\(example)")
        }
        return ways.isEmpty ? "" : " For " + ways.joined(separator: "; for ") + "."
    }

    private static func dotted(_ path: [String]) -> String { CountText.quoted(path.joined(separator: "."), limit: 120) }

    /// How to ask for less of an answer that is too large to be taken; empty where there is no way.
    public var wayToLess: String {
        (arguments.limit ?? arguments.page ?? arguments.offset).map { "; ask for less of it with \($0)" } ?? ""
    }
}
