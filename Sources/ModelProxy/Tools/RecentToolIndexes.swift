import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The indexes of the lists of tools that came last: an agent sends the same list with every turn.
final class RecentToolIndexes: Sendable {
    /// How many are kept, and how large one may be, in bytes.
    private static let maximumCount = 16
    private static let maximumBytes = 2 << 20

    /// The one used last stands last.
    private let recent = NIOLockedValueBox<[(digest: RequestDigest, index: ToolIndex)]>([])

    /// The index of a list, an array of tools in the dialect of any caller; refers to them by their places.
    func index(of list: JSONValue) -> ToolIndex {
        var builder = RequestDigest.Builder()
        builder.add(list.rawBytes)
        let digest = builder.digest()
        let known = recent.withLockedValue { recent -> ToolIndex? in
            guard let place = recent.firstIndex(where: { $0.digest == digest }) else { return nil }
            recent.append(recent.remove(at: place))
            return recent.last?.index
        }
        if let known { return known }
        let index = ToolIndex(list.elements.map { Self.tool($0) })
        guard index.byteCount <= Self.maximumBytes else { return index }
        recent.withLockedValue { recent in
            if recent.count >= Self.maximumCount { recent.removeFirst() }
            recent.append((digest, index))
        }
        return index
    }

    private static func tool(_ element: JSONValue) -> RoutableTool {
        let function = element["function"] ?? element
        let schema = function["parameters"] ?? function["input_schema"]
        return RoutableTool(
            name: function["name"]?.string ?? "", description: function["description"]?.string ?? "",
            arguments: schema.map { RoutableTool.Argument.list(ofSchema: $0) } ?? [])
    }
}
