import HubCore
import NIOCore
import SpecIngest
import Testing

@testable import hubd

@Suite("settings from hub.yaml")
struct SettingsTests {
    @Test("an empty mapping gives the defaults")
    func defaults() throws {
        let (settings, findings) = SettingsTestFiles.load("{}")
        #expect(findings.isEmpty)
        let read = try #require(settings)
        #expect(read.listen.description == "127.0.0.1:8080")
        #expect(read.adminListen.description == "127.0.0.1:8081")
        #expect(read.bounds == Settings.Bounds())
        #expect(read.dataDirectory == "hub-data")
        #expect(read.files == ["hub.yaml"])
        #expect(read.mayBeOpen)
    }

    @Test("every implemented field arrives")
    func everyField() throws {
        let text = """
            listen: "[::1]:0"
            publicUrl: https://hub.example.com/base/
            hosts: [hub.example.com, "hub.example.com:8443"]
            trustedProxies: [10.0.0.0/8, 192.0.2.1]
            bounds: { headerBytes: 32KiB, bodyBytes: 1048576, connections: 10, perAddress: 2, inFlight: 3 }
            admin: { listen: 127.0.0.1:9, token: env:ADMIN, metrics: open }
            data: store
            masterKey: file:keys/master
            upstreams:
              a:
                addresses: ["http://a:1/v1", { url: "https://b", weight: 3 }]
                balance: weighted
                credential: { header: { name: X-Api-Key, value: env:A } }
                timeouts: { connect: 500ms, firstByte: 5s, idle: 10m, total: 1h }
              b: { addresses: ["http://b"], credential: { query: { name: key, value: file:/k } } }
              c: { addresses: ["http://c"], credential: { basic: { username: u, password: env:C } } }
              d: { addresses: ["http://d"], credential: { bearer: env:D } }
              e: { addresses: ["https://e"], http: 2, tls: { ca: certs/e.pem } }
            servers:
              z: { openapi: specs/z.yaml, auth: none, upstream: a, refresh: 30s, description: Zed, profile: gemini, list: lazy }
              y:
                openapi: https://example.com/api.json?x=1
                auth: none
                list: { tokens: 8000 }
                tools:
                  one: { rename: uno, title: Uno, description: Eins, hidden: true, risk: read }
                  two:
                    arguments: { n: { fix: [1, a] }, m: { default: 1.50, description: M } }
                    annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false }
            """
        let files = SettingsTestFiles(files: ["/etc/hub.yaml": text])
        let (loaded, findings) = SettingsLoader.load(path: "/etc/hub.yaml", disk: files.disk)
        #expect(findings.isEmpty, "\(findings)")
        let settings = try #require(loaded)
        #expect(settings.listen == ListenAddress(host: "::1", port: 0))
        #expect(settings.publicURL?.description == "https://hub.example.com/base")
        #expect(settings.hosts == ["hub.example.com", "hub.example.com:8443"])
        #expect(settings.trustedProxies.map(\.description) == ["10.0.0.0/8", "192.0.2.1/32"])
        #expect(settings.bounds == Settings.Bounds(headerBytes: 32768, bodyBytes: 1_048_576, connections: 10, perAddress: 2, inFlight: 3))
        #expect(settings.adminListen.port == 9)
        #expect(settings.adminToken?.name == "ADMIN")
        #expect(settings.isMetricsOpen)
        #expect(settings.dataDirectory == "/etc/store")
        #expect(settings.masterKey?.name == "/etc/keys/master")

        let a = try #require(settings.upstreams["a"])
        #expect(a.addresses.map(\.url.description) == ["http://a:1/v1", "https://b"])
        #expect(a.addresses.map(\.weight) == [1, 3])
        #expect(a.balance == .weighted)
        #expect(a.timeouts.connect == .milliseconds(500) && a.timeouts.idle == .seconds(600) && a.timeouts.total == .seconds(3600))
        #expect(!a.usesHTTP2 && a.authorities == nil)
        let e = try #require(settings.upstreams["e"])
        #expect(e.usesHTTP2 && e.authorities?.value == "/etc/certs/e.pem")
        guard case .header("X-Api-Key", let header) = a.credential, case .query("key", let query) = settings.upstreams["b"]?.credential,
            case .basic("u", let basic) = settings.upstreams["c"]?.credential,
            case .bearer(let bearer) = settings.upstreams["d"]?.credential
        else {
            Issue.record("a credential is missing")
            return
        }
        #expect([header, query, basic, bearer].map(\.name) == ["A", "/k", "C", "D"])
        #expect(settings.secrets.count == 6)

        #expect(settings.servers.map(\.name) == ["z", "y"])
        #expect(settings.servers[0].description.value == .file("/etc/specs/z.yaml"))
        #expect(settings.servers[0].upstream?.value == "a")
        #expect(settings.servers[0].refresh == .seconds(30))
        #expect(settings.servers[0].purpose == "Zed")
        #expect(settings.servers[0].profile?.value == .gemini && settings.servers[0].list?.value == .lazy)
        #expect(settings.servers[1].description.value == .url("https://example.com/api.json?x=1"))
        #expect(settings.servers[1].profile == nil && settings.servers[1].list?.value == .within(tokens: 8_000))
        let tools = settings.servers[1].tools
        #expect(tools[0].rename?.value == "uno" && tools[0].title == "Uno" && tools[0].isHidden && tools[0].risk == .read)
        #expect(tools[0].place.position == SourcePosition(line: 26, column: 7))
        #expect(tools[1].arguments[0].fix == .array([.number("1"), .string("a")]))
        #expect(tools[1].arguments[1].defaultValue == .number("1.50") && tools[1].arguments[1].description == "M")
        #expect(tools[1].annotations == ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false))
    }

    // MARK: Who may call

    @Test(
        "an entry without auth is refused once others than this machine can call",
        arguments: [
            "listen: 0.0.0.0:8080", "listen: \"[::]:8080\"", "listen: hub.internal:80", "publicUrl: https://hub.example.com",
            "trustedProxies: [10.0.0.0/8]",
        ])
    func demandsAuth(setting: String) {
        let open = SettingsTestFiles.load(setting + "\nservers:\n  a: { openapi: x }")
        #expect(open.settings == nil)
        #expect(open.findings.count == 1)
        #expect(open.findings.first?.message.hasPrefix("\"servers.a\" has no auth, and ") == true)
        #expect(open.findings.first?.hint == "write auth: none to leave it open")
        #expect(open.findings.first?.place.position == SourcePosition(line: 3, column: 3))
        let written = SettingsTestFiles.load(setting + "\nservers:\n  a: { openapi: x, auth: none }")
        #expect(written.findings.isEmpty)
        #expect(written.settings?.servers.first?.auth == EntryAuth.none)
    }

    @Test("an entry without auth is open on loopback", arguments: ["127.0.0.1:80", "127.1.2.3:80", "[::1]:80", "localhost:80"])
    func openOnLoopback(listen: String) {
        let (settings, findings) = SettingsTestFiles.load("listen: \"\(listen)\"\nservers: { a: { openapi: x } }")
        #expect(findings.isEmpty)
        #expect(settings?.servers.first?.auth == .unwritten)
    }

    @Test("a flag that opens the listener demands auth too")
    func flagDemandsAuth() {
        let overrides = SettingsOverrides(flags: SettingsFlags(listen: "0.0.0.0:80"), environment: [:])
        #expect(SettingsTestFiles.load("servers: { a: { openapi: x } }", overrides).findings.count == 1)
    }

    // MARK: Precedence

    @Test(
        "flag over variable over file over default",
        arguments: [
            (flag: "127.0.0.1:1", variable: "127.0.0.1:2", file: "listen: 127.0.0.1:3", port: 1),
            (flag: nil, variable: "127.0.0.1:2", file: "listen: 127.0.0.1:3", port: 2),
            (flag: nil, variable: "", file: "listen: 127.0.0.1:3", port: 3),
            (flag: nil, variable: nil, file: "listen: 127.0.0.1:3", port: 3),
            (flag: nil, variable: nil, file: "{}", port: 8080),
        ] as [(flag: String?, variable: String?, file: String, port: Int)])
    func precedence(flag: String?, variable: String?, file: String, port: Int) {
        let environment = variable.map { ["HUBD_LISTEN": $0] } ?? [:]
        let overrides = SettingsOverrides(flags: SettingsFlags(listen: flag), environment: environment)
        #expect(SettingsTestFiles.load(file, overrides).settings?.listen.port == port)
    }

    @Test("all four variables are read, and paths from them start from the current folder")
    func variables() throws {
        let environment = [
            "HUBD_CONFIG": "x/y.yaml", "HUBD_LISTEN": "127.0.0.1:1", "HUBD_ADMIN_LISTEN": "127.0.0.1:2", "HUBD_DATA_DIR": "d",
        ]
        let overrides = SettingsOverrides(flags: SettingsFlags(), environment: environment)
        #expect(overrides.configPath == "x/y.yaml")
        let files = SettingsTestFiles(files: ["x/y.yaml": "data: e"])
        let settings = try #require(SettingsLoader.load(path: overrides.configPath, overrides: overrides, disk: files.disk).0)
        #expect(settings.listen.port == 1 && settings.adminListen.port == 2 && settings.dataDirectory == "d")
        let without = try #require(SettingsLoader.load(path: "x/y.yaml", disk: files.disk).0)
        #expect(without.dataDirectory == "x/e")
    }

    @Test("a variable or flag that makes no sense is named")
    func badOverrides() {
        let variable = SettingsOverrides(flags: SettingsFlags(), environment: ["HUBD_LISTEN": "8080"])
        #expect(
            SettingsTestFiles.load("{}", variable).findings.map(\.description)
                == ["HUBD_LISTEN: error: not HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080 — add the port"])
        let flag = SettingsOverrides(flags: SettingsFlags(admin: "127.0.0.1:8080"), environment: [:])
        #expect(
            SettingsTestFiles.load("{}", flag).findings.map(\.description)
                == ["--admin: error: the public and the admin listener cannot both be at 127.0.0.1:8080 — give one of them another port"])
    }

    @Test("where there is no file, the message names hubd demo")
    func noFile() {
        let findings = SettingsTestFiles(files: [:]).load().findings
        #expect(
            findings.map(\.description) == [
                "hub.yaml: error: there is no such file — name one with --config, or try `hubd demo`, which needs none"
            ])
    }

    // MARK: Several files

    @Test("included files add entries, and paths in them start from their own folder")
    func includes() throws {
        let files = SettingsTestFiles(files: [
            "hub.yaml": "includeFiles: [conf.d/*.yaml, extra.yaml]\nservers: { a: { openapi: a.yaml } }",
            "conf.d/2.yaml": "servers: { c: { openapi: c.yaml, upstream: u } }",
            "conf.d/1.yaml": "servers: { b: { openapi: b.yaml } }\nupstreams: { u: { addresses: [\"http://u\"] } }",
            "conf.d/.hidden.yaml": "nonsense",
            "conf.d/readme.txt": "nonsense",
            "extra.yaml": "# nothing yet",
        ])
        let (settings, findings) = files.load()
        #expect(findings.isEmpty, "\(findings)")
        #expect(settings?.servers.map(\.description.value) == [.file("a.yaml"), .file("conf.d/b.yaml"), .file("conf.d/c.yaml")])
        #expect(settings?.files == ["hub.yaml", "conf.d/1.yaml", "conf.d/2.yaml", "extra.yaml"])
    }

    @Test("what stands in two files is an error in the second that names the first")
    func duplicatesAcrossFiles() {
        let files = SettingsTestFiles(files: [
            "hub.yaml": "includeFiles: [b.yaml]\ndata: x\nservers: { a: { openapi: a.yaml } }",
            "b.yaml": "data: y\nservers:\n  a: { openapi: a.yaml }\n  b: { openapi: b.yaml, upstream: u }\nincludeFiles: [c.yaml]",
        ])
        #expect(
            files.load().findings.map(\.description) == [
                #"b.yaml:1:1: error: "data" stands twice — first at hub.yaml:2:1"#,
                #"b.yaml:3:3: error: "a" stands twice — first at hub.yaml:3:12"#,
                #"b.yaml:4:35: error: no upstream is called "u" — there is none"#,
                "b.yaml:5:1: error: an included file cannot include others — list them in hub.yaml",
            ])
    }

    @Test("a missing file that is named is an error, a pattern without matches a warning")
    func missingIncludes() {
        let findings = SettingsTestFiles.load("includeFiles: [x.yaml, \"*.none\"]").findings
        #expect(
            findings.map(\.description) == [
                "hub.yaml:1:16: error: x.yaml cannot be read: there is no such file",
                "hub.yaml:1:24: warning: no file matches",
            ])
    }

    // MARK: Units

    @Test(
        "durations",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("5s", .seconds(5)), ("10m", .seconds(600)), ("1h", .seconds(3600)),
            ("8784h", .seconds(8784 * 3600)),
            ("0s", nil), ("8785h", nil), ("999999999h", nil), ("9999999999s", nil), ("-1s", nil), ("1.5s", nil), ("1 s", nil), ("s", nil),
            ("5", nil),
            ("5S", nil), ("1d", nil), ("", nil), ("٥s", nil),
        ] as [(String, Duration?)])
    func durations(text: String, expected: Duration?) {
        #expect(Duration(setting: text) == expected)
    }

    @Test(
        "sizes",
        arguments: [
            ("1KiB", 1024), ("64KiB", 65536), ("4MiB", 4 << 20), ("1024GiB", 1 << 40), ("1025GiB", nil), ("0KiB", nil), ("1", nil),
            ("1KB", nil),
            ("1kib", nil), ("999999999GiB", nil), ("9999999999KiB", nil), ("", nil),
        ] as [(String, Int?)])
    func sizes(text: String, expected: Int?) {
        #expect(ByteSize.parse(text) == expected)
    }

    @Test(
        "texts with rules",
        arguments: [
            (TextKind.percent, "100%", true), (.percent, "101%", false), (.percent, "20", false), (.rate, "10/1s", true),
            (.rate, "0/1s", false),
            (.rate, "10/s", false), (.policyTarget, "model:default", true), (.policyTarget, "models:default", false),
            (.toolName, "a.b", false),
            (.toolName, "find_orders-2", true), (.addressRange, "2001:db8::/32", true), (.addressRange, "10.0.0.0/33", false),
            (.urlOrPath, "http://u:p@h/x", false), (.urlOrPath, "a/b.yaml", true), (.urlOrPath, "ftp://x/y", false),
            (.path, "file:x", false),
            (.headerName, "x y", false), (.request, "GET /x", true), (.request, "/x", false), (.plainOrReference, "http://x", true),
            (.plainOrReference, "env:", false), (.hostPort, "127.0.0.1:65536", false), (.hostPort, "::1:80", false),
            (.hostPort, "a:b:1", false),
        ])
    func texts(kind: TextKind, text: String, fits: Bool) {
        #expect(kind.accepts(text) == fits)
    }

    @Test("an address range holds its addresses")
    func addressRanges() throws {
        let range = try #require(AddressRange("10.16.0.0/12"))
        #expect(range.contains(try #require(IPAddress("10.31.255.255"))))
        #expect(!range.contains(try #require(IPAddress("10.32.0.0"))))
        #expect(!range.contains(try #require(IPAddress("::1"))))
        #expect(try #require(AddressRange("::/0")).contains(try #require(IPAddress("::1"))))
    }

    // MARK: Secrets

    @Test("a secret is read from its variable or its file, without the last line break")
    func secrets() throws {
        let place = SourcePlace(file: "hub.yaml")
        let files = SettingsTestFiles(files: [
            "d/k": "sesame\n", "d/crlf": "a\nb\r\n", "d/empty": "\n", "d/big": String(repeating: "x", count: 65537),
        ])
        let read = { (text: String, environment: [String: String]) throws(ConfigFinding) -> Secret in
            guard let reference = SecretReference(text, directory: "d", place: place) else { return Secret("") }
            return try LocalSecrets(environment: environment, read: files.disk.read).value(of: reference)
        }
        #expect(try read("env:K", ["K": "v\n"]).revealed == "v\n")
        #expect(try read("file:k", [:]).revealed == "sesame")
        #expect(try read("file:crlf", [:]).revealed == "a\nb")
        #expect("\(try read("file:k", [:]))" == "***")
        for (text, message) in [
            ("env:K", "the environment variable K is not set"),
            ("file:none", "the secret file d/none cannot be read: there is no such file"),
            ("file:empty", "the secret file d/empty is empty"),
            ("file:big", "the secret file d/big cannot be read: it is larger than 65536 bytes"),
            ("vault:k#f", "\"vault:\" is not in this version"),
        ] {
            let error = #expect(throws: ConfigFinding.self) { try read(text, [:]) }
            #expect(error?.message == message)
        }
    }

    @Test("files of the machine are read with a bound, and devices and folders end in a message")
    func realFiles() throws {
        #expect(throws: ConfigFileError(reason: "it is larger than 1000 bytes")) { try ConfigFiles.disk.read("/dev/zero", 1000) }
        #expect(throws: ConfigFileError(reason: "it is a directory")) { try ConfigFiles.disk.read("/", 1000) }
        #expect(throws: ConfigFileError(isMissing: true, reason: "there is no such file")) { try ConfigFiles.disk.read("/nowhere/x", 1000) }
        #expect(try ConfigFiles.disk.read(#filePath, 1 << 20).readableBytes > 1000)
        #expect(ConfigFiles.disk.list(ConfigFile.directory(of: #filePath)).contains("SettingsTests.swift"))
        #expect(ConfigFiles.disk.list("/nowhere") == [])
    }
}
