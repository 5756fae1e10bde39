import HTTPTypes
import HubCore
import NIOCore

/// Heads of HTTP/1.1 messages, as a client of MCP and an upstream write them.
enum HTTPSubjects {
    private static let request = """
        POST /mcp/orders HTTP/1.1\r
        Host: hub.example.com\r
        Accept: application/json, text/event-stream\r
        Accept-Encoding: gzip, deflate\r
        Connection: keep-alive\r
        Content-Type: application/json\r
        User-Agent: python-httpx/0.28.1\r
        MCP-Protocol-Version: 2026-07-28\r
        Authorization: Bearer hub_01J9ZK4W_8Qm2vXr7\r
        X-Tenant: blue\r
        Content-Length: 0\r
        \r

        """
    private static let answer = """
        HTTP/1.1 200 OK\r
        Date: Wed, 25 Nov 2026 02:14:12 GMT\r
        Server: uvicorn\r
        Content-Type: application/json\r
        Cache-Control: no-store\r
        Vary: accept-encoding\r
        X-Request-Id: 0193a5e2-7d1c-7f60-8b0e\r
        X-Content-Type-Options: nosniff\r
        Strict-Transport-Security: max-age=63072000\r
        X-Served-By: cache-fra-eddf8230131-FRA\r
        Content-Length: 0\r
        \r

        """
    private static let heads = 100

    static func groups() -> [BenchmarkGroup] {
        let requests = ByteBuffer(string: String(repeating: request, count: heads))
        let answers = ByteBuffer(string: String(repeating: answer, count: heads))
        return [
            BenchmarkGroup(
                "heads of HTTP/1.1 with ten fields, time a head",
                [
                    Benchmark("read a request", bytes: requests.readableBytes / heads, operations: heads) {
                        var (parser, rest, count) = (HTTP1RequestParser(limits: HTTP1Limits(headBytes: 64 << 10)), requests, 0)
                        while let part = try parser.next(from: &rest) {
                            if case .head(let head) = part { count += head.request.headerFields.count }
                        }
                        return count
                    },
                    Benchmark("read an answer", bytes: answers.readableBytes / heads, operations: heads) {
                        var (parser, rest, count) = (HTTP1ResponseParser(), answers, 0)
                        parser.begin(method: .get)
                        while let part = try parser.next(from: &rest) {
                            switch part {
                            case .head(let head): count += head.fields.count
                            case .body: break
                            case .end: parser.begin(method: .get)
                            }
                        }
                        return count
                    },
                ])
        ]
    }
}
