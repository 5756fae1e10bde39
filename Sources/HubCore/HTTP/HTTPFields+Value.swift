public import HTTPTypes

extension HTTPFields {
    /// What the subscript gives, without its lists where there is one field of the name, as there nearly always is.
    public func value(_ name: HTTPField.Name) -> String? {
        var value: String?
        for field in self where field.name == name {
            guard value == nil else { return self[name] }
            value = field.value
        }
        return value
    }
}
