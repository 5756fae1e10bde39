import HubStore
import NIOConcurrencyHelpers

/// The hub's own store as a process uses it: opened once, when it is first needed, and kept.
final class OpenedStore: Sendable {
    private let path: String
    private let opened = NIOLockedValueBox<HubDatabase?>(nil)

    /// - Parameter path: where the store is.
    init(path: String) { self.path = path }

    /// The store.
    ///
    /// - Parameter isMaking: whether one that is not there yet is made.
    /// - Returns: Nil where there is none yet.
    func database(isMaking: Bool = false) throws(StoreError) -> HubDatabase? {
        let opening: Result<HubDatabase?, StoreError> = opened.withLockedValue { opened in
            if let opened { return .success(opened) }
            guard isMaking || FileStamp(path) != nil else { return .success(nil) }
            do throws(StoreError) {
                opened = try HubDatabase(path: path)
                return .success(opened)
            } catch {
                return .failure(error)
            }
        }
        return try opening.get()
    }

    /// A number that moves with every change; nil where there is no store yet, or it cannot be asked: then it is asked again in a second.
    func version() -> Int? { (try? database()).flatMap { try? $0.version() } }
}
