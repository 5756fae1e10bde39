import HubCore

/// Reads a `curl` command line as the request it makes.
struct CurlCommand {
    /// The request.
    private(set) var request: SeenRequest
    /// What of the command line did not go into it.
    private(set) var notes: [String] = []

    private static let short: [Character: String] = [
        "X": "request", "H": "header", "d": "data", "F": "form", "u": "user", "b": "cookie", "G": "get", "I": "head", "A": "user-agent",
        "e": "referer", "o": "output", "x": "proxy", "m": "max-time", "k": "insecure", "L": "location", "s": "silent", "S": "show-error",
        "v": "verbose", "i": "include", "f": "fail", "g": "globoff", "N": "no-buffer", "#": "progress-bar", "c": "cookie-jar",
        "w": "write-out", "E": "cert", "T": "upload-file", "O": "remote-name", "J": "remote-header-name", "n": "netrc", "4": "ipv4",
        "6": "ipv6", "0": "http1.0", "q": "disable", "j": "junk-session-cookies", "D": "dump-header", "U": "proxy-user", "y": "speed-time",
        "Y": "speed-limit", "r": "range", "z": "time-cond", "K": "config", "R": "remote-time", "a": "append", "p": "proxytunnel",
    ]
    private static let flags: Set<String> = [
        "silent", "show-error", "verbose", "include", "fail", "fail-with-body", "fail-early", "globoff", "no-buffer", "progress-bar",
        "compressed", "http1.0", "http1.1", "http2", "http2-prior-knowledge", "http3", "http3-only", "ipv4", "ipv6", "remote-name",
        "remote-header-name", "disable", "junk-session-cookies", "no-progress-meter", "path-as-is", "tcp-nodelay", "no-keepalive",
        "no-sessionid", "location-trusted", "remote-time", "append", "anyauth", "basic", "tlsv1", "tlsv1.2", "tlsv1.3", "ssl-no-revoke",
        "retry-all-errors", "retry-connrefused", "parallel", "tr-encoding", "raw", "styled-output", "create-dirs",
    ]
    private static let noted: Set<String> = ["insecure", "location", "netrc", "digest", "ntlm", "negotiate", "proxytunnel"]
    private static let valued: Set<String> = [
        "output", "user-agent", "max-time", "connect-timeout", "retry", "retry-delay", "retry-max-time", "cookie-jar", "write-out",
        "dump-header", "speed-time", "speed-limit", "keepalive-time", "max-redirs", "stderr", "trace", "trace-ascii", "limit-rate",
        "max-filesize", "tls-max", "ciphers", "expect100-timeout", "output-dir",
    ]
    private static let notedValued: Set<String> = [
        "proxy", "proxy-user", "cacert", "capath", "cert", "cert-type", "key", "key-type", "pass", "resolve", "connect-to", "interface",
        "unix-socket", "config", "range", "time-cond", "socks5", "socks5-hostname", "noproxy", "dns-servers", "aws-sigv4", "form-string",
    ]

    private var method: String?
    private var url: String?
    private var headers: [(name: String, value: String)] = []
    private var data: [String] = []
    private var parts: [(name: String, value: String, isFile: Bool)] = []
    private var hasFile = false
    private var isGet = false
    private var isHead = false
    private var isUpload = false
    private var hasPassword = false

    /// - Throws: `CommandFailure` that says what of the line cannot be read; never with a value of it.
    init(_ line: String) throws(CommandFailure) {
        guard line.utf8.count <= ImportLimits.commandBytes else { throw CommandFailure("the command line is longer than 1 MiB") }
        let shell = try ShellWords(line)
        guard shell.words.count <= ImportLimits.commandWords else {
            throw CommandFailure("the command line has more than \(ImportLimits.commandWords) words")
        }
        var words = shell.words[...]
        if words.first == "$" { words.removeFirst() }
        if let first = words.first, first == "curl" || first.hasSuffix("/curl") || first == "curl.exe" { words.removeFirst() }
        // Something has to be there before the request can be.
        guard let placeholder = SeenURL("http://localhost") else { throw CommandFailure("no address") }
        request = SeenRequest(method: "GET", url: placeholder)
        if shell.isCutOff { notes.append("what follows the first |, ;, &, < or > was not read") }
        while let word = words.popFirst() { try read(word, &words) }
        try finish()
    }

    private mutating func read(_ word: String, _ rest: inout ArraySlice<String>) throws(CommandFailure) {
        if word.hasPrefix("--"), word.count > 2 {
            let name = word.dropFirst(2).prefix { $0 != "=" }
            let value = word.dropFirst(2 + name.count)
            if !value.isEmpty { rest.insert(String(value.dropFirst()), at: rest.startIndex) }
            try apply(String(name), &rest)
        } else if word.hasPrefix("-"), word.count > 1 {
            var letters = word.dropFirst()
            while let letter = letters.popFirst() {
                guard let name = Self.short[letter] else { throw CommandFailure("curl option -\(Self.shown(String(letter))) is not known") }
                if Self.takesValue(name), !letters.isEmpty {
                    rest.insert(String(letters), at: rest.startIndex)
                    letters = ""
                }
                try apply(name, &rest)
            }
        } else if url == nil {
            url = word
        } else {
            notes.append("only the first address was read")
        }
    }

    private static func takesValue(_ name: String) -> Bool {
        valued.contains(name) || notedValued.contains(name)
            || ["request", "header", "data", "form", "user", "cookie", "referer", "upload-file"].contains(name)
    }

    private mutating func apply(_ name: String, _ rest: inout ArraySlice<String>) throws(CommandFailure) {
        if Self.flags.contains(name) || name.hasPrefix("no-") { return }
        if Self.noted.contains(name) { return notes.append("--\(name) has no part in an endpoint") }
        switch name {
        case "get": return isGet = true
        case "head": return isHead = true
        default: break
        }
        guard let value = rest.popFirst() else { throw CommandFailure("curl option --\(Self.shown(name)) needs a value, or is not known") }
        switch name {
        case _ where Self.valued.contains(name): break
        case _ where Self.notedValued.contains(name): notes.append("--\(name) has no part in an endpoint")
        case "request":
            guard (1...20).contains(value.utf8.count), value.utf8.allSatisfy({ ($0 | 0x20) &- 0x61 < 26 }) else {
                throw CommandFailure("--request does not name a method")
            }
            method = value.uppercased()
        case "url": url = url ?? value
        case "header": addHeader(value)
        case "referer": break
        case "user", "oauth2-bearer":
            if name == "user" { hasPassword = true } else { headers.append(("Authorization", "Bearer")) }
        case "cookie": headers.append(("Cookie", ""))
        case "data", "data-ascii", "data-binary": addData(value)
        case "data-raw": data.append(value)
        case "data-urlencode": addEncoded(value)
        case "json":
            addData(value)
            headers += [("Content-Type", "application/json"), ("Accept", "application/json")]
        case "form": addPart(value)
        case "upload-file": (isUpload, hasFile) = (true, true)
        default: throw CommandFailure("curl option --\(Self.shown(name)) is not known")
        }
    }

    private mutating func addHeader(_ line: String) {
        if line.hasPrefix("@") { return notes.append("headers in a file were not read") }
        guard let colon = line.firstIndex(where: { $0 == ":" || $0 == ";" }) else { return }
        let name = String(line[..<colon])
        let value = String(line[line.index(after: colon)...].drop { $0 == " " })
        guard !name.isEmpty, !value.isEmpty else { return }
        headers.append((name, value))
    }

    private mutating func addData(_ value: String) {
        if value.hasPrefix("@") { hasFile = true } else { data.append(value) }
    }

    // curl: content, =content, name=content, @file, name@file
    private mutating func addEncoded(_ value: String) {
        guard let mark = value.firstIndex(where: { $0 == "=" || $0 == "@" }) else { return data.append(PercentEncoding.encode(value)) }
        let name = value[..<mark]
        let content = value[mark] == "=" ? PercentEncoding.encode(String(value[value.index(after: mark)...])) : ""
        data.append(name.isEmpty ? content : name + "=" + content)
    }

    private mutating func addPart(_ value: String) {
        let halves = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, !halves[0].isEmpty else { return notes.append("a --form without a name was not read") }
        let isFile = halves[1].hasPrefix("@")
        parts.append((String(halves[0]), isFile ? "" : String(halves[1].drop { $0 == "<" }), isFile))
    }

    private mutating func finish() throws(CommandFailure) {
        guard let written = url else { throw CommandFailure("the command line has no address") }
        guard var address = SeenURL(written) else { throw CommandFailure("the address is no http or https URL that can be read") }
        let joined = data.joined(separator: "&")
        let hasBody = !data.isEmpty || !parts.isEmpty || hasFile
        if isGet { address.query += SeenURL.pairs(joined) }
        request = SeenRequest(
            method: method ?? (isHead ? "HEAD" : isGet || !hasBody ? "GET" : isUpload ? "PUT" : "POST"), url: address, headers: headers)
        request.hasPassword = hasPassword
        guard hasBody, !isGet else { return }
        let type = request.header("content-type")
        if !parts.isEmpty {
            (request.body, request.contentType) = (.multipart(parts), "multipart/form-data")
        } else if hasFile {
            (request.body, request.contentType) = (.file, type ?? "application/json")
            notes.append("the body comes from a file, which was not read")
        } else {
            // curl says that -d is a form; what is an object or a list was meant to be JSON.
            let isJSON = type == nil && (joined.hasPrefix("{") || joined.hasPrefix("["))
            if isJSON { notes.append("the command says nothing of JSON, but its body is") }
            request.contentType = type ?? (isJSON ? "application/json" : "application/x-www-form-urlencoded")
            request.body = SeenRequest.body(joined, type: request.contentType)
        }
    }

    private static func shown(_ name: String) -> String { String(ConfigFinding.quoted(name).dropFirst().dropLast()) }
}
