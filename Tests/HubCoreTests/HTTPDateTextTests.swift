import HubCore
import Testing

@Suite("dates of HTTP that are written")
struct HTTPDateTextTests {
    @Test("a moment is read as it was written, on every day of four centuries and at the ends")
    func roundTrip() {
        #expect(HTTPDate.text(secondsSince1970: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        for day: Int64 in 0..<146_097 {
            let moment = day * 86_400 + day * 7 % 86_400
            guard HTTPDate.parse(HTTPDate.text(secondsSince1970: moment)) != moment else { continue }
            Issue.record("\(moment) is written as \(HTTPDate.text(secondsSince1970: moment))")
            return
        }
        #expect(HTTPDate.text(secondsSince1970: -1) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.text(secondsSince1970: .max) == "Fri, 31 Dec 9999 23:59:59 GMT")
    }
}
