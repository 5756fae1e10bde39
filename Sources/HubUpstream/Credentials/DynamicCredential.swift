import HubCore
import Logging
import NIOCore

/// A credential that is made for each request, at the last moment: a token that ends, a signature over what goes out.
///
/// Owned by an `UpstreamService`, and used by many requests at once. Those that are the same in every request are `ShownCredentials`.
protocol DynamicCredential: Sendable {
    /// Makes `request` one that is let in at `endpoint`. Nothing may be changed in it afterwards.
    ///
    /// - Throws: `.credential`, and `.cancelled` where the caller goes away meanwhile.
    func admit(_ request: inout EndpointRequest, at endpoint: Endpoint, for asker: Asker) async throws(UpstreamFailure) -> Admission

    /// Makes `request`, not admitted yet, one that shows something else than `refused`, which was answered with 401; nil where there is
    /// nothing else to show.
    func readmit(_ request: inout EndpointRequest, after refused: Admission, for asker: Asker) async -> Admission?

    /// Why an answer is none, where it says that what was shown does not do and nothing else will; nil for any other answer.
    func failure(in answer: EndpointAnswer, for asker: Asker) async -> CredentialFailure?
}

extension DynamicCredential {
    /// A signature that is refused is refused again.
    func readmit(_ request: inout EndpointRequest, after refused: Admission, for asker: Asker) async -> Admission? { nil }

    /// Every answer is one.
    func failure(in answer: EndpointAnswer, for asker: Asker) async -> CredentialFailure? { nil }
}

/// For whom a credential is made.
struct Asker: Sendable {
    /// Who calls.
    var principal: Principal
    /// Hears of failures.
    var logger: Logger
    /// Until when something may be waited for.
    var deadline = NIODeadline.distantFuture
}

/// What one request showed.
struct Admission: Sendable {
    /// Which token it was, where it was one.
    var token = 0
    /// Takes what was shown out of the answer.
    var redaction: Redaction
}
