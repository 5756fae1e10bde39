/// A part of a multipart body.
struct PartPlan: Sendable {
    /// How a value becomes a part.
    enum Content: Sendable {
        /// Text for scalars, JSON for objects, one part for each element of a list.
        case plain
        /// All of the value as JSON.
        case json
        /// The bytes of a file; one part for each element of a list.
        case file
        /// One part for each member of an object whose members the description does not name.
        case members
    }

    /// A header of a part (OpenAPI 3.1.1 §4.8.15, `headers`).
    enum Header: Sendable {
        /// Always the same.
        case constant(name: String, value: String)
        /// What an argument says, or else the fallback; where it is required, a part without it is refused.
        case argument(ParameterPlan, isRequired: Bool, fallback: String?)
    }

    /// The number of the argument.
    var slot: Int
    /// The part's name.
    var name: String
    var content: Content
    /// The media type the description asks for, where it names one.
    var mediaType: String?
    /// The part's further headers, in the order of the description.
    var headers: [Header] = []
}
