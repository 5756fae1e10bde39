import HTTPTypes
import Testing

@testable import A2ABridge

@Suite("versions and extensions in header fields")
struct A2AHeadersTests {
    @Test("a version is told by its first two numbers, and none means 0.3")
    func versions() {
        for text in ["", "0.3", "0.3.0", "0.3.26"] { #expect(A2AVersion(named: text) == .v0_3, "\(text)") }
        for text in ["1.0", "1.0.0", "1.0.1"] { #expect(A2AVersion(named: text) == .v1_0, "\(text)") }
        for text in ["1", "1.1", "0.2", "99.0", "1.0.x", "1.0.", "1.0.0.0", "v1.0", " 1.0", "1.0.99999"] {
            #expect(A2AVersion(named: text) == nil, "\(text)")
        }
    }

    @Test("a version that is named must be that of the method or the path")
    func check() throws {
        let named = { (text: String) in HTTPFields([HTTPField(name: .a2aVersion, value: text)]) }
        try A2AHeaders.check(named("1.0"), query: nil, against: .v1_0)
        try A2AHeaders.check(named("0.3"), query: nil, against: .v0_3)
        try A2AHeaders.check([:], query: nil, against: .v1_0)
        try A2AHeaders.check([:], query: nil, against: .v0_3)
        try A2AHeaders.check(named(""), query: nil, against: .v1_0)
        try A2AHeaders.check([:], query: "a=b&A2A-Version=1.0", against: .v1_0)
        let refused: [(HTTPFields, Substring?, A2AVersion)] = [
            (named("99.0"), nil, .v1_0), (named("1.0"), nil, .v0_3), (named("0.3"), nil, .v1_0), ([:], "A2A-Version=2.0", .v1_0),
        ]
        for (fields, query, version) in refused {
            let failure = #expect(throws: A2AFailure.self) { try A2AHeaders.check(fields, query: query, against: version) }
            #expect(failure?.code == .versionNotSupported)
            #expect(failure?.metadata == ["supported": "0.3, 1.0"])
        }
    }

    @Test("extensions are asked for under either name, each once")
    func extensions() {
        var fields = HTTPFields()
        fields.append(HTTPField(name: .a2aExtensions, value: "https://a/x, urn:y ,,"))
        fields.append(HTTPField(name: .a2aExtensions, value: "urn:z"))
        fields.append(HTTPField(name: .olderA2AExtensions, value: "urn:y,urn:w"))
        #expect(A2AHeaders.requestedExtensions(fields) == ["https://a/x", "urn:y", "urn:z", "urn:w"])
        #expect(A2AHeaders.requestedExtensions([:]).isEmpty)
        fields[.a2aExtensions] = (0..<500).map { "urn:\($0)" }.joined(separator: ",")
        #expect(A2AHeaders.requestedExtensions(fields).count == 64)
    }

    @Test("a request of the hub's own names its version and extensions in the words of the version")
    func ownRequests() {
        let newer = A2AHeaders.request(.v1_0, extensions: ["urn:x", "urn:y"])
        #expect(newer == [.a2aVersion: "1.0", .a2aExtensions: "urn:x, urn:y"])
        let older = A2AHeaders.request(.v0_3, extensions: ["urn:x"])
        #expect(older == [.a2aExtensions: "urn:x", .olderA2AExtensions: "urn:x"])
        #expect(A2AHeaders.request(.v0_3, extensions: []) == [:])
        #expect(A2AHeaders.activated(["urn:x"], .v1_0) == [.a2aExtensions: "urn:x"])
    }

    @Test("an answer has the media type of its request, or the one that is accepted")
    func mediaTypes() {
        #expect(A2AHeaders.answerType([:]) == "application/json")
        #expect(A2AHeaders.answerType([.accept: "application/a2a+json, */*"]) == "application/a2a+json")
        #expect(A2AHeaders.answerType([.contentType: "Application/JSON; charset=utf-8"]) == "application/json")
        #expect(A2AHeaders.answerType([.contentType: "application/a2a+json"]) == "application/a2a+json")
        #expect(A2AHeaders.answerType([.contentType: "application/json", .accept: "application/a2a+json"]) == "application/json")
        for type in ["text/plain", "application/xml", "application/*", ""] { #expect(A2AHeaders.answerType([.contentType: type]) == nil) }
    }
}
