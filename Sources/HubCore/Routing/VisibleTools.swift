/// The tools of an index that a caller may see. Made once for a set of permissions and kept with it.
public struct VisibleTools: Sendable {
    /// A bit for each tool.
    private let bits: [UInt64]
    /// How many tools the index has.
    let indexCount: Int
    /// How many there are, and of how many servers.
    let count: Int
    let serverCount: Int
    /// How many of each server; the first are those of none.
    let countOfServer: [UInt32]
    /// Whether none is left out.
    let isEverything: Bool

    init(in index: ToolIndex, where allows: (Int) -> Bool) {
        var bits = [UInt64](repeating: 0, count: (index.count + 63) / 64)
        var ofServer = [UInt32](repeating: 0, count: index.serverCount + 1)
        var count = 0
        for tool in 0..<index.count where allows(tool) {
            bits[tool >> 6] |= 1 << UInt64(tool & 63)
            ofServer[Int(index.serverOfTool[tool])] += 1
            count += 1
        }
        self.bits = bits
        indexCount = index.count
        self.count = count
        serverCount = ofServer.dropFirst().count { $0 > 0 }
        countOfServer = ofServer
        isEverything = count == index.count
    }

    func contains(_ tool: Int) -> Bool { bits[tool >> 6] >> UInt64(tool & 63) & 1 != 0 }
}

extension ToolIndex {
    /// All tools.
    public var everything: VisibleTools { visible { _ in true } }

    /// The tools of which `allows` says so, asked by their places in the list that the index was made from.
    public func visible(where allows: (Int) -> Bool) -> VisibleTools { VisibleTools(in: self, where: allows) }
}
