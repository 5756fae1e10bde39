import HTTPTypes
public import NIOCore

/// What becomes of the answers of one tool: which parts are kept, how large they may be, and how their pages are put together.
///
/// Made once per tool when the snapshot is built. An answer that there is nothing to do about is passed on as it came, unparsed.
public struct AnswerPlan: Sendable {
    /// The argument with which a caller chooses parts of an answer, of every tool that has none of this name itself.
    public static let fieldsArgument = "_fields"
    /// How the argument is listed, where it is.
    public static let fieldsSchema = ByteBuffer(
        staticString: #"{"type":"array","items":{"type":"string"},"description":"Keep only these parts of the answer, such as data.id"}"#)

    /// How large answers may be.
    public let bounds: AnswerBounds
    /// How pages are put together; nil leaves them alone.
    public let pages: PagePlan?
    let takesFields: Bool
    let arguments: PageArguments
    private let keep: FieldSelection?
    private let itemTypes: [String]

    /// A plan that only bounds what answers are.
    public init() {
        self.init(AnswerSettings(), takesFields: false)
    }

    /// A plan.
    ///
    /// - Parameters:
    ///   - settings: what the operator wrote.
    ///   - takesFields: whether `_fields` is not an argument of the operation itself.
    ///   - arguments: the tool's arguments about pages.
    ///   - pages: how pages are put together.
    ///   - itemTypes: media types of answers that are made of items, besides those that always are.
    public init(
        _ settings: AnswerSettings, takesFields: Bool, arguments: PageArguments = PageArguments(), pages: PagePlan? = nil,
        itemTypes: [String] = []
    ) {
        bounds = AnswerBounds(settings)
        keep = settings.keep.isEmpty ? nil : FieldSelection(pointers: settings.keep)
        (self.takesFields, self.arguments, self.pages, self.itemTypes) = (takesFields, arguments, pages, itemTypes)
    }

    // MARK: The call

    /// A call with what it says about its answer.
    public struct Request: Sendable {
        /// What the operation is given.
        public let arguments: JSONValue?
        /// The parts that the caller chose.
        let fields: FieldSelection?
    }

    /// Takes what is about the answer out of the arguments.
    ///
    /// - Throws: `HubError` with `.invalidArguments`.
    public func request(_ arguments: JSONValue?) throws(HubError) -> Request {
        guard takesFields, let arguments, let value = arguments[Self.fieldsArgument] else {
            return Request(arguments: arguments, fields: nil)
        }
        let fields = value.isNull ? nil : try FieldSelection(fields: value, argument: Self.fieldsArgument)
        do throws(JSONParseError) {
            let rest = arguments.replacingMember(Self.fieldsArgument, with: nil)
            return Request(arguments: try JSONDocument(parsing: rest, limits: .message).root, fields: fields)
        } catch {
            throw HubError(.invalidArguments, "The arguments are too large", cause: error)
        }
    }

    // MARK: Items

    /// How an answer is made of items; nil where it is one piece.
    public func itemFormat(status: Int, contentType: String?) -> ItemFormat? {
        status < 300 ? ItemFormat(contentType: contentType, declared: itemTypes) : nil
    }

    /// Takes the items of an answer.
    public func collector(_ format: ItemFormat, for request: Request) -> ItemCollector {
        // What the caller does not see may be larger.
        let room = isProjected(request) ? bounds.bytes * 8 : bounds.bytes
        return ItemCollector(format, maximumItems: bounds.streamItems, maximumBytes: room)
    }

    /// Why a stream was left, other than by its collector.
    public enum ItemsLeft: Sendable {
        /// It ended.
        case none
        /// The time was up.
        case time
        /// It failed.
        case failure(String)
    }

    // MARK: Pages

    /// The pages of an answer; nil where there is nothing to put together.
    public func fold(_ response: CallResponse, body: ByteBuffer, for request: Request) -> PageFold? {
        guard let pages, response.status < 300, let page = Self.json(body, response) else { return nil }
        return PageFold(
            pages, bounds: bounds, arguments: request.arguments, first: page, fields: response.fields,
            project: { self.project($0, for: request) })
    }

    /// The JSON of a page; nil where it is none.
    public static func json(_ body: ByteBuffer, _ response: CallResponse) -> JSONDocument? {
        if let document = response.document { return document }
        guard response.contentType.map({ MediaType($0)?.isJSON == true }) ?? true else { return nil }
        return try? JSONDocument(parsing: body, limits: .payload)  // not JSON: there is nothing to put together
    }

    // MARK: Shape

    /// What a caller gets of a complete answer. Failures, and answers there is nothing to do about, are passed on.
    ///
    /// - Parameters:
    ///   - response: what the upstream said.
    ///   - request: what `request` made of the caller's arguments.
    ///   - isProjected: whether `response` holds only what is kept already.
    public func shape(_ response: CallResponse, for request: Request, isProjected: Bool = false) -> CallResponse {
        guard response.status < 300, case .complete(let body) = response.body else { return response }
        let projects = !isProjected && self.isProjected(request)
        guard projects || bounds.items != nil || body.readableBytes > min(bounds.bytes, bounds.fileBytes) else { return response }
        let type = response.contentType.flatMap { MediaType($0) }
        var document = response.document
        if document == nil, type.map({ $0.isJSON || (projects && $0.isText) }) ?? true {
            document = try? JSONDocument(parsing: body, limits: .payload)  // what it is not, it cannot be cut as
        }
        guard var document else { return isProjected || keep == nil ? shapeFile(response, body, type) : leavingOut(response, body, type) }
        var response = response
        if projects {
            response.fields[.contentType] = "application/json"
            let projected = project(document, for: request)
            document = projected.document
            if let note = projected.note { response.notes.append(note) }
        }
        if let cut = AnswerCut(document, maximumBytes: bounds.bytes, maximumItems: bounds.items) {
            response.notes += notes(on: cut, of: document, for: request)
            response.body = .complete(cut.bytes)
            response.document = nil
        } else {
            response.body = .complete(document.bytes)
            response.document = document
        }
        return response
    }

    private func isProjected(_ request: Request) -> Bool { keep != nil || request.fields != nil }

    private func project(_ document: JSONDocument, for request: Request) -> (document: JSONDocument, note: String?) {
        var (document, note) = (document, String?.none)
        for (selection, isCaller) in [(keep, false), (request.fields, true)] {
            guard let selection else { continue }
            let (bytes, found) = selection.apply(to: document.root)
            if !found { note = Self.note(onMissing: document.root, isCaller: isCaller) }
            guard let projected = try? JSONDocument(parsing: bytes, limits: .payload) else { continue }  // parts of what parsed: it parses
            document = projected
        }
        return (document, note)
    }

    /// An answer of which only parts may be seen, and which has none.
    private func leavingOut(_ response: CallResponse, _ body: ByteBuffer, _ type: MediaType?) -> CallResponse {
        guard body.readableBytes > 0 else { return response }
        var response = response
        response.body = .complete(ByteBuffer())
        response.notes.append("The answer is \(Self.name(of: type)) and not JSON, of which parts could be kept, and was left out.")
        return response
    }

    private static func name(of type: MediaType?) -> String { type?.essence ?? "a file" }

    /// Text is cut behind a line; a file that is too large is left out.
    private func shapeFile(_ response: CallResponse, _ body: ByteBuffer, _ type: MediaType?) -> CallResponse {
        var response = response
        let isText = type.map { $0.isText || $0.isJSON } ?? (String(validating: body.readableBytesView, as: UTF8.self) != nil)
        if isText {
            guard body.readableBytes > bounds.bytes else { return response }
            let length = TextCut.length(body, limit: bounds.bytes, isWide: type?.charset?.hasPrefix("utf-16") ?? false)
            response.body = .complete(body.getSlice(at: body.readerIndex, length: length) ?? ByteBuffer())
            response.notes.append(
                "Showing the first \(CountText.count(length)) of \(CountText.count(body.readableBytes)) bytes.")
        } else if body.readableBytes > bounds.fileBytes {
            response.body = .complete(ByteBuffer())
            response.notes.append(
                "The answer is \(Self.name(of: type)) of \(CountText.count(body.readableBytes)) bytes, more than \(CountText.bytes(bounds.fileBytes)), and was left out."
            )
        }
        return response
    }
}
