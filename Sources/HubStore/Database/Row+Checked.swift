import GRDB

extension Row {
    /// A column as what it must be. GRDB's own subscripts end the process where a column is missing or of another kind, which only a file has that
    /// was damaged or that others wrote to.
    ///
    /// - Throws: `StoreError` with `damaged`.
    func checked<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        guard let stored: DatabaseValue = self[column], let value = Value.fromDatabaseValue(stored) else { throw StoreError.damagedRow }
        return value
    }
}

extension StoreError {
    /// What was read was not written so.
    static let damagedRow = StoreError(.damaged, "something in the store is not as it was written: the file was changed or is damaged")
}
