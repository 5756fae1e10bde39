extension Float {
    /// The natural logarithm of a positive number, the same on every machine to the last bit.
    var naturalLogarithm: Float {
        // ln(m · 2^e) = e · ln 2 + 2 · artanh((m − 1) / (m + 1)), whose series is short for m in 1…2.
        let ratio = (significand - 1) / (significand + 1)
        let square = ratio * ratio
        let series = 1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square * (1 / 9 + square / 11))))
        return Float(exponent) * 0.693_147_18 + 2 * ratio * series
    }
}
