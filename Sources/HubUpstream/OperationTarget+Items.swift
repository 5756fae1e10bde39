import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

extension OperationTarget {
    /// The items of an answer as a JSON array, up to the bounds; the rest of the stream is given up.
    ///
    /// 1. What came before the stream broke off, or before the time was up, is kept, and a note says so.
    /// 2. A stream that breaks off before its first item is a failure.
    func items(of response: UpstreamResponse, _ format: ItemFormat, for request: AnswerPlan.Request) async throws -> CallResponse {
        var collector = answers.collector(format, for: request)
        var left = AnswerPlan.ItemsLeft.none
        switch response.body {
        case .complete(let bytes): collector.take(bytes)
        case .stream(let stream): left = try await take(stream, into: &collector)
        }
        if case .none = left { collector.finish() }
        var fields = response.fields
        fields[.contentType] = "application/json"
        var answer = CallResponse(status: response.status, fields: fields, body: .complete(collector.array))
        if let note = answers.note(on: collector, reason: left) { answer.notes.append(note) }
        return answer
    }

    private func take(_ stream: any BodyStream, into collector: inout ItemCollector) async throws -> AnswerPlan.ItemsLeft {
        let isTimeUp = NIOLockedValueBox(false)
        let timer = service.timers.add(due: .now + answers.bounds.wait) {
            isTimeUp.withLockedValue { $0 = true }
            stream.cancel()
        }
        defer { service.timers.remove(timer) }
        do {
            while let piece = try await stream.next() {
                collector.take(piece)
                if collector.end != nil {
                    stream.cancel()
                    break
                }
            }
            return .none
        } catch {
            try Task.checkCancellation()
            if isTimeUp.withLockedValue({ $0 }) { return .time }
            guard collector.count > 0, let error = error as? HubError else { throw error }
            return .failure(error.message)
        }
    }
}
