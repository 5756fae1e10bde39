import NIOCore
import NIOHPACK
import NIOHTTP2

/// What one HTTP/2 connection is granted. NIO counts most kinds of abuse itself and ends the connection with ENHANCE_YOUR_CALM;
/// `HTTP2ConnectionMachine` counts those it does not.
enum HTTP2Limits {
    /// Requests at once (RFC 9113 §6.5.2 asks for at least 100).
    static let streams = 100
    /// What a caller may send ahead, on a stream and in all.
    static let window = 65_535
    /// How many bytes of an answer wait for a caller before its writer does.
    static let writeAhead = 64 << 10
    /// After which a caller has heard that the connection ends.
    static let hearingTime = TimeAmount.seconds(1)
    /// Over which time abuse is counted.
    static let countingTime = TimeAmount.seconds(10)
    /// Streams that a caller resets, which is all of the rapid-reset attack, in that time.
    static let resets = 200
    /// Streams that the hub has to reset for what a caller sent (MadeYouReset), and requests that it refuses unread, in that time.
    static let errors = 200
    /// PING, SETTINGS and PRIORITY frames in that time.
    static let controlFrames = 1000
    /// WINDOW_UPDATE frames in that time, beside some for each piece of an answer and one more for each `bytesPerUpdate` in it.
    static let updates = 1000
    static let bytesPerUpdate = 512
    /// The least speed at which a complete answer must be taken.
    static let slowestBytesPerSecond = 16 << 10
    /// Bodies being collected on one connection hold at most so many times the bound of one.
    static let bodies = 4

    /// The settings of NIO's handler.
    static func configuration(_ bounds: ListenerBounds) -> NIOHTTP2Handler.Configuration {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: streams),
            // The list counts 32 bytes a field more (RFC 9113 §6.5.2). Within it, what is too large gets an answer; past it the
            // connection ends, because what is not decoded leaves the tables of both sides unequal.
            HTTP2Setting(parameter: .maxHeaderListSize, value: bounds.headerBytes + 40 * bounds.fields),
            HTTP2Setting(parameter: .initialWindowSize, value: window),
        ]
        connection.targetWindowSize = window
        connection.maximumBufferedControlFrames = controlFrames
        connection.maximumRecentlyResetStreams = 2 * streams
        connection.controlFrameRateLimit.maximumCount = controlFrames
        connection.controlFrameRateLimit.windowLength = countingTime
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.targetWindowSize = window
        stream.outboundBufferSizeHighWatermark = writeAhead
        stream.outboundBufferSizeLowWatermark = writeAhead / 2
        stream.streamResetFrameRateLimit.maximumCount = resets
        stream.streamResetFrameRateLimit.windowLength = countingTime
        stream.streamErrorRateLimit.maximumCount = errors
        stream.streamErrorRateLimit.windowLength = countingTime
        return NIOHTTP2Handler.Configuration(connection: connection, stream: stream)
    }
}
