/// What the operator writes about the answers of a tool, of an endpoint or of a whole server. What is nil is not written.
public struct AnswerSettings: Sendable, Hashable {
    /// JSON pointers, in which `*` is every element or member, to the parts that are kept; empty keeps everything.
    public var keep: [String] = []
    /// Whether the argument that chooses parts of an answer is listed.
    public var listsFields: Bool?
    /// The most bytes of an answer.
    public var maximumBytes: Int?
    /// The most elements of an array, or items of a stream.
    public var maximumItems: Int?
    /// The most bytes of an image, a sound or another file.
    public var maximumFileBytes: Int?
    /// How long a stream of items is listened to.
    public var wait: Duration?
    /// How pages are put together.
    public var pages: PageSettings?

    /// Nothing is written.
    public init() {}

    /// What is written here, and where nothing is, what is written in `base`.
    public func over(_ base: AnswerSettings) -> AnswerSettings {
        var result = self
        if keep.isEmpty { result.keep = base.keep }
        result.listsFields = listsFields ?? base.listsFields
        result.maximumBytes = maximumBytes ?? base.maximumBytes
        result.maximumItems = maximumItems ?? base.maximumItems
        result.maximumFileBytes = maximumFileBytes ?? base.maximumFileBytes
        result.wait = wait ?? base.wait
        result.pages = pages ?? base.pages
        return result
    }
}

/// How the pages of a list are put together into one answer.
public struct PageSettings: Sendable, Hashable {
    /// The most pages of one call.
    public var most: Int
    /// Where the elements are, a JSON pointer; nil is found out.
    public var items: String?
    /// How the next page is asked for; nil is found out.
    public var way: Way?

    /// The ways that an operator can name.
    public enum Way: Sendable, Hashable {
        /// By the `Link` header.
        case linkHeader
        /// By an address in the answer, at this JSON pointer.
        case link(String)
        /// By an argument that takes the value at this JSON pointer of the answer.
        case cursor(from: String, argument: String)
        /// By an argument that says how many elements are skipped.
        case offset(argument: String)
        /// By an argument that counts pages.
        case page(argument: String)
    }

    /// At most this many pages, in a way that is found out.
    public init(most: Int) { self.most = most }

    /// The argument that the way needs.
    public var argument: String? {
        switch way {
        case .cursor(_, let argument), .offset(let argument), .page(let argument): argument
        case .linkHeader, .link, nil: nil
        }
    }
}

/// How large an answer may be.
public struct AnswerBounds: Sendable, Hashable {
    /// The most bytes of text or JSON; a text inside JSON is never cut, and may be larger.
    public var bytes = 64 << 10
    /// The most elements of an array; nil leaves it to the bytes.
    public var items: Int?
    /// The most bytes of an image, a sound or another file.
    public var fileBytes = 4 << 20
    /// The most items of a stream where `items` says nothing.
    public var streamItems = 1000
    /// How long a stream of items is listened to.
    public var wait = Duration.seconds(30)

    /// The defaults.
    public init() {}

    /// The defaults under what the operator wrote.
    public init(_ settings: AnswerSettings) {
        bytes = settings.maximumBytes ?? bytes
        items = settings.maximumItems
        fileBytes = settings.maximumFileBytes ?? fileBytes
        streamItems = settings.maximumItems ?? streamItems
        wait = settings.wait ?? wait
    }
}
