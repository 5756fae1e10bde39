import HTTPTypes
import HubCore
import NIOCore
import Testing

@Suite("WebSocket handshakes and frames")
struct WebSocketHandshakeTests {
    private func request(_ changes: HTTPFields = [:], method: HTTPRequest.Method = .get) -> HTTPRequest {
        var fields: HTTPFields = [
            .upgrade: "websocket", .connection: "Upgrade", .secWebSocketKey: "dGhlIHNhbXBsZSBub25jZQ==", .secWebSocketVersion: "13",
        ]
        for field in changes { fields[field.name] = field.value.isEmpty ? nil : field.value }
        return HTTPRequest(method: method, scheme: "http", authority: "hub.test", path: "/", headerFields: fields)
    }

    @Test("the acceptance of RFC 6455 §1.3 is computed as there")
    func acceptance() throws {
        let offer = try #require(WebSocketOffer(request([.secWebSocketProtocol: "chat, superchat"])))
        #expect(offer.acceptance == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(offer.subprotocols == ["chat", "superchat"])
        #expect(offer.isSupported)
    }

    @Test(
        "a request that lacks a part of the handshake offers nothing",
        arguments: [
            [.upgrade: ""], [.upgrade: "h2c"], [.upgrade: "websocket/13"], [.connection: "keep-alive"], [.connection: ""],
            [.secWebSocketKey: ""], [.secWebSocketKey: "dGhlIHNhbXBsZSBub25jZQ"], [.secWebSocketKey: "dGhlIHNhbXBsZSBub25j"],
            [.secWebSocketKey: "dGhlIHNhbXBsZSBub25jZR=="], [.secWebSocketVersion: ""], [.secWebSocketProtocol: "a, a"],
            [.secWebSocketProtocol: "a b"],
        ] as [HTTPFields])
    func notAnOffer(_ changes: HTTPFields) {
        #expect(WebSocketOffer(request(changes)) == nil)
        #expect(WebSocketOffer(request(method: .post)) == nil)
    }

    @Test("lists and letter case are read as HTTP reads them; another version is an offer that is not supported")
    func offers() {
        #expect(WebSocketOffer(request([.upgrade: "h2c, WebSocket", .connection: "keep-alive, UPGRADE"]))?.isSupported == true)
        #expect(WebSocketOffer(request([.secWebSocketVersion: "8"]))?.isSupported == false)
    }

    @Test("a header is written in its shortest form and read back, cut at every byte", arguments: [0, 1, 125, 126, 65_535, 65_536])
    func headers(_ length: Int) throws {
        for mask in [nil, WebSocketMask(0x37fa_213d)] {
            let header = WebSocketFrameHeader(.binary, isFinal: false, length: length, mask: mask)
            var whole = ByteBuffer()
            header.write(into: &whole)
            #expect(whole.readableBytes == (length < 126 ? 2 : length < 65_536 ? 4 : 10) + (mask == nil ? 0 : 4))
            for cut in 0..<whole.readableBytes {
                var part = try #require(whole.getSlice(at: 0, length: cut))
                #expect(try WebSocketFrameHeader.read(from: &part, isMasked: mask != nil) == nil)
                #expect(part.readableBytes == cut)
            }
            #expect(try WebSocketFrameHeader.read(from: &whole, isMasked: mask != nil) == header)
            #expect(whole.readableBytes == 0)
        }
    }

    @Test("what servers send may not be masked")
    func maskOfServer() {
        var bytes = ByteBuffer(bytes: [0x81, 0x80, 0, 0, 0, 0])
        #expect(throws: WebSocketClosure.broken("A frame is masked")) { try WebSocketFrameHeader.read(from: &bytes, isMasked: false) }
    }

    @Test("a mask goes on where it ended, wherever a payload is cut")
    func masks() {
        let plain = ByteBuffer(bytes: (0..<40).map { UInt8($0) })
        let key: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        let masked = (0..<40).map { UInt8($0) ^ key[$0 % 4] }
        for cut in 0...40 {
            var (mask, source, target) = (WebSocketMask(0x37fa_213d), ByteBuffer(bytes: masked), ByteBuffer())
            mask.move(cut, from: &source, to: &target)
            mask.move(100, from: &source, to: &target)
            #expect(target == plain)
        }
    }

    @Test("the reason of a closing is cut between characters, and a code that none sends stays away")
    func closings() throws {
        #expect(WebSocketClosure(.noCode, "x").payload.readableBytes == 0)
        let long = WebSocketClosure(.normal, String(repeating: "é", count: 100)).payload
        #expect(long.readableBytes == 124)
        #expect(try WebSocketClosure(payload: long) == WebSocketClosure(.normal, String(repeating: "é", count: 61)))
    }
}
