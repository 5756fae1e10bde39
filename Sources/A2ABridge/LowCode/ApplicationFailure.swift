import HubCore

/// Why an application does not do what it was asked, in its own words, which are bounded.
struct ApplicationFailure: Error, Sendable, Hashable {
    /// The HTTP status, or what the application says comes nearest; 0 where it says none.
    var status: Int
    /// What programs know the failure by; empty where nothing is said.
    var code: String
    /// What people are told; empty where nothing is said.
    var message: String

    /// The longest texts that are passed on, in scalars.
    private static let (longestCode, longestMessage) = (64, 1_000)

    /// A failure.
    init(status: Int, code: String = "", message: String = "") {
        self.status = status
        self.code = code.cut(to: Self.longestCode)
        self.message = message.cut(to: Self.longestMessage)
    }

    /// What an object says of a failure: `{code, message, status}`, or the same in `error`.
    ///
    /// - Parameter status: counts where the object has none.
    init(_ object: JSONValue?, status: Int) {
        let inner = object?["error"].flatMap { $0.kind == .object ? $0 : nil } ?? object
        self.init(
            status: inner?["status"]?.int.flatMap { $0 >= 400 ? $0 : nil } ?? status,
            code: inner?["code"]?.string ?? inner?["type"]?.string ?? "",
            message: inner?["message"]?.string ?? object?["error"]?.string ?? "")
    }

    /// Whether the application has too much to do for this caller, or for anybody.
    var isThrottled: Bool { status == 429 || code.hasPrefix("Throttling") }

    /// What the client is told. Words with an address in them are not passed on: it may be one behind the application.
    var text: String {
        if status == 401 { return "The application refused the hub's credential" }
        let begin =
            isThrottled
            ? "The application takes no more requests at present"
            : status >= 500 || status == 0 ? "The application failed" : "The application refused the request"
        let words = message.contains("://") ? "" : message
        return [begin, words.isEmpty ? nil : ": \(words)", code.isEmpty ? nil : " (\(code))"].compactMap { $0 }.joined()
    }

    /// As a task fails with it.
    var error: HubError { HubError(.upstreamFailed, text, cause: self) }
}

extension String {
    /// The text, or the beginning of one that is longer than so many scalars.
    func cut(to most: Int) -> String {
        let scalars = unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: max(0, most), limitedBy: scalars.endIndex), end < scalars.endIndex
        else {
            return self
        }
        return String(scalars[..<end]) + "…"
    }
}
