extension [UInt32] {
    /// In offsets that ascend: the index of the last that is not above `offset`, or 0.
    func index(ofLastUpTo offset: Int) -> Int {
        var low = 0
        var high = count
        while high - low > 1 {
            let middle = (low + high) / 2
            if Int(self[middle]) <= offset { low = middle } else { high = middle }
        }
        return low
    }
}
