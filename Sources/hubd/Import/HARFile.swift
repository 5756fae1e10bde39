import HubCore
import NIOCore

/// Reads the requests to APIs out of a HAR file (HTTP Archive 1.2), as browsers save it.
struct HARFile {
    private static let assets: Set<String> = [
        "css", "js", "mjs", "map", "png", "jpg", "jpeg", "gif", "svg", "ico", "webp", "avif", "woff", "woff2", "ttf", "otf", "eot", "mp4",
        "webm", "mp3", "wasm", "html", "htm",
    ]
    private static let assetKinds: Set<String> = [
        "document", "stylesheet", "image", "media", "font", "script", "texttrack", "manifest", "websocket", "ping", "preflight", "beacon",
    ]

    /// The requests, in the order made.
    private(set) var requests: [SeenRequest] = []
    /// How many entries were passed over.
    private(set) var skipped = 0
    /// Whether there were more entries than are read.
    private(set) var isCutOff = false

    /// - Throws: `CommandFailure` where the text is no HAR file.
    init(_ bytes: ByteBuffer) throws(CommandFailure) {
        let root: JSONValue
        do {
            root = try JSONDocument(parsing: bytes, limits: ImportLimits.json).root
        } catch {
            throw CommandFailure("the HAR file is not JSON: \(error)")
        }
        guard let entries = root["log"]?["entries"], entries.kind == .array else {
            throw CommandFailure("this is no HAR file: it has no list `log.entries`")
        }
        for (number, entry) in entries.elements.enumerated() {
            guard number < ImportLimits.entries else {
                isCutOff = true
                return
            }
            if let request = Self.request(entry) { requests.append(request) } else { skipped += 1 }
        }
    }

    private static func request(_ entry: JSONValue) -> SeenRequest? {
        guard let node = entry["request"], let method = node["method"]?.string?.uppercased(), let text = node["url"]?.string,
            text.hasPrefix("http://") || text.hasPrefix("https://"), let url = SeenURL(text),
            ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY"].contains(method), isAPI(entry, method, url)
        else { return nil }
        var request = SeenRequest(method: method, url: url)
        for field in (node["headers"]?.elements ?? .none).prefix(200) {
            if let name = field["name"]?.string, let value = field["value"]?.string { request.headers.append((name, value)) }
        }
        let data = node["postData"]
        if let data, method != "GET", method != "HEAD" {
            let type = request.header("content-type") ?? data["mimeType"]?.string
            let essence = type?.split(separator: ";").first.map { $0.lowercased() } ?? ""
            let pairs = (data["params"]?.elements ?? .none).prefix(1_000).compactMap {
                pair -> (name: String, value: String, isFile: Bool)? in
                pair["name"]?.string.map { ($0, pair["value"]?.string ?? "", pair["fileName"] != nil) }
            }
            if essence == "multipart/form-data" {
                if !pairs.isEmpty { (request.body, request.contentType) = (.multipart(pairs), essence) }
            } else if let text = data["text"]?.string, !text.isEmpty {
                (request.body, request.contentType) = (SeenRequest.body(text, type: type), type ?? "application/json")
            } else if !pairs.isEmpty {
                request.body = .form(pairs.map { ($0.name, $0.value) })
                request.contentType = "application/x-www-form-urlencoded"
            }
        }
        return request
    }

    /// Whether an entry is a call of an API: what it was answered with decides, for a method that only reads.
    private static func isAPI(_ entry: JSONValue, _ method: String, _ url: SeenURL) -> Bool {
        if let kind = entry["_resourceType"]?.string, assetKinds.contains(kind.lowercased()) { return false }
        let type = entry["response"]?["content"]?["mimeType"]?.string?.lowercased() ?? ""
        if type.contains("json") { return true }
        if let name = url.segments.last, let dot = name.lastIndex(of: "."), assets.contains(name[name.index(after: dot)...].lowercased()) {
            return false
        }
        if ["image/", "font/", "video/", "audio/", "text/css", "javascript", "text/html", "wasm"].contains(where: { type.contains($0) }) {
            return !["GET", "HEAD"].contains(method) && type.contains("text/html")
        }
        return !["GET", "HEAD"].contains(method) || type.contains("xml") || type.contains("event-stream") || type.hasPrefix("text/plain")
    }
}
