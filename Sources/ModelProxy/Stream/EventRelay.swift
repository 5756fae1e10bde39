import HTTPTypes
import HubCore
import NIOCore

/// Lets the events of a provider pass to a caller of the same dialect, and reads on the way what they tell of the call.
struct EventRelay {
    let answer: ModelAnswer
    let stream: any BodyStream

    /// How many bytes of events that say nothing wait for one that does.
    private static let maximumHeldBytes = 64 << 10

    /// What has been seen of the messages.
    private struct Sight {
        /// What cuts a copy of the stream into messages; nil once they cannot be read.
        var framing: StreamFraming? = .events(SSEDecoder(maximumEventBytes: StreamFraming.maximumMessageBytes))
        /// Whether there is no way back to an answer with another status.
        var isCommitted: Bool
        /// Whether an answer has begun, or was announced.
        var hasAnswer = false
        /// Whether the answer is whole, or failed by its own word.
        var hasEnded = false
        /// An error in place of the answer.
        var error: ProviderError?

        mutating func look(_ piece: ByteBuffer, _ plan: ModelPlan, _ meter: inout UsageMeter) {
            guard var framing else { return }
            self.framing = nil  // so that it is not copied
            // What cannot be read passes unread.
            guard let messages = try? framing.take(piece) else { return isCommitted = true }
            self.framing = framing
            for message in messages { look(message, plan, &meter) }
        }

        private mutating func look(_ message: StreamMessage, _ plan: ModelPlan, _ meter: inout UsageMeter) {
            if message.data.readableBytesView.starts(with: "[DONE]".utf8) {
                (isCommitted, hasEnded) = (true, true)
                return
            }
            guard let root = try? JSONDocument(parsing: message.data, limits: .payload).root, root.kind == .object else {
                return isCommitted = true  // as above
            }
            let passed = PassedMessage(root, name: message.name, dialect: plan.dialect)
            if let usage = passed.usage { meter.take(usage) }
            meter.take(contentBytes: passed.contentBytes)
            if passed.isContent || passed.isAnnouncement { hasAnswer = true }
            if passed.isEnd { hasEnded = true }
            if let error = passed.error, self.error == nil { self.error = error }
            if passed.error == nil, !passed.isAnnouncement || passed.isContent { isCommitted = true }
        }
    }

    /// Runs to the end.
    ///
    /// - Throws: where the caller has gone.
    func run(_ head: HTTPResponse, _ meter: inout UsageMeter) async throws {
        var head = head
        head.headerFields = ModelFields.events(head.headerFields)
        let isSuccess = answer.response.status < 300
        var sight = Sight(isCommitted: answer.plan.route.conversation == nil || !isSuccess)
        let late = LateHead(head, writer: answer.writer)
        let keepAlive = KeepAlive(writer: late, timers: answer.timers)
        defer { keepAlive.stop() }
        var events = WholeEvents()
        var held = ByteBuffer()
        var failure: OpenAIError?
        do {
            while let piece = try await stream.next() {
                if isSuccess { sight.look(piece, answer.plan, &meter) }
                if let bytes = events.take(piece) { held.writeImmutableBuffer(bytes) }
                guard held.readableBytes > 0 else { continue }
                await keepAlive.willWrite()
                if !sight.isCommitted, !late.hasBegun {
                    if let error = sight.error {
                        meter.outcome = .failed
                        return try await refuse(error)
                    }
                    if held.readableBytes <= Self.maximumHeldBytes {
                        keepAlive.didWrite(isBetweenEvents: true)
                        continue
                    }
                }
                try await late.write(held)
                held = ByteBuffer()
                keepAlive.didWrite(isBetweenEvents: !events.isInsideEvent)
            }
        } catch let error as HubError {
            failure = OpenAIError(error)
        } catch is CancellationError {
            stream.cancel()  // now: the farewell may have to wait for its reader
            failure = .stopping  // or the caller has gone, and nobody hears it
        }
        await keepAlive.willWrite()
        if failure == nil {
            if let rest = events.rest() { held.writeImmutableBuffer(rest) }
            // An end without its last word is a cut, whoever closed the connection.
            if sight.hasAnswer, !sight.hasEnded { failure = OpenAIError(.cut) }
        }
        meter.outcome = outcome(failure, sight, isSuccess: isSuccess, hasBegun: late.hasBegun || sight.isCommitted)
        if let failure {
            guard late.hasBegun || sight.isCommitted else {
                return try await answer.writer.refuse(failure, in: answer.plan.dialect, requestID: answer.requestID)
            }
            // A long event of which half is out cannot be taken back; ended, it is read as the broken JSON that it is.
            if events.isInsideEvent { held.writeStaticString("\n\n") }
            held.writeImmutableBuffer(answer.plan.dialect.lastEvent(failure, requestID: answer.requestID))
        }
        if held.readableBytes > 0 { try await late.write(held) }
        try await late.end()
    }

    private func refuse(_ error: ProviderError) async throws {
        try await answer.writer.refuse(
            error, in: answer.plan.dialect, requestID: answer.requestID, fields: ModelFields.converted(answer.response.fields))
    }

    private func outcome(_ failure: OpenAIError?, _ sight: Sight, isSuccess: Bool, hasBegun: Bool) -> UsageRecord.Outcome {
        if !isSuccess { return .failed }
        if failure == nil, sight.error == nil { return .served }
        return hasBegun ? .interrupted : .failed
    }
}
