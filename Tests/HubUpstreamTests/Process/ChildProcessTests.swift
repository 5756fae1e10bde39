import FoundationEssentials
import Glibc
import HubCore
import NIOCore
import Testing

@testable import HubUpstream

@Suite("Child process", .timeLimit(.minutes(2)))
struct ChildProcessTests {
    @Test("lines go in and come out as they are")
    func echo() async throws {
        let channel = try await TestProcess.open(ChildProcessSettings(command: ["/bin/cat"]))
        let lines = ["{\"a\":1}", "\"\u{2028}\u{2029}\u{85}\"", "ä", String(repeating: "x", count: 200_000)]
        for line in lines {
            async let sent: Void = channel.send(line)  // longer than what a pipe holds
            #expect(try await channel.text() == line)
            try await sent
        }
        try await channel.send("two\nlines")
        #expect(try await channel.text() == "two lines")
    }

    @Test("a line of 10 MB passes both ways")
    func long() async throws {
        let channel = try await TestProcess.open(ChildProcessSettings(command: ["cat"]))
        let line = ByteBuffer(repeating: UInt8(ascii: "x"), count: 10 << 20)
        async let sent: Void = channel.send(line)
        #expect(try await channel.next() == line)
        try await sent
    }

    @Test("a line past the limit is an error, and none is read after it")
    func tooLong() async throws {
        var settings = TestProcess.script("echo ok; head -c 2000 /dev/zero; echo; echo more; exec cat")
        settings.maximumLineBytes = 1000
        let channel = try await TestProcess.open(settings)
        #expect(try await channel.text() == "ok")
        for _ in 0..<2 {
            let error = await #expect(throws: HubError.self) { try await channel.next() }
            #expect(error?.code == .tooLarge)
        }
        let error = await #expect(throws: HubError.self) { try await channel.send(String(repeating: "x", count: 1000)) }
        #expect(error?.code == .tooLarge)
    }

    @Test("what is written and not read stays with the process")
    func backPressure() async throws {
        let leash = try Leash()
        let source = ChildProcessSource(TestProcess.script("exec 9>\"$1\"; while :; do echo line; done", leash.path))
        let channel = try await source.open()
        for _ in 0..<1000 { #expect(try await channel.text() == "line") }
        channel.close()
        #expect(try await channel.next() == nil)
        #expect(leash.isReleased())
        try await source.waitUntilNoneRuns()
    }

    @Test("a flood of errors neither holds the process up nor is kept, and its end is known")
    func errors() async throws {
        let channel = try await TestProcess.open(
            TestProcess.script("head -c 100000000 /dev/zero | tr '\\0' 'x' >&2; echo >&2; echo the end >&2; echo done; exit 3"))
        #expect(try await channel.texts() == ["done"])
        #expect(channel.diagnostics.utf8.count <= DiagnosticsTail.maximumBytes + 100)
        #expect(channel.diagnostics.hasPrefix("the end\n"))
    }

    @Test("output without a line feed at its end is the last line")
    func midLine() async throws {
        let source = ChildProcessSource(TestProcess.script("printf 'whole\\npart'; exit 7"))
        let channel = try await source.open()
        try await source.waitUntilNoneRuns()
        #expect(try await channel.texts() == ["whole", "part"])
        #expect(channel.diagnostics == "ended with status 7")
        let error = await #expect(throws: HubError.self) { try await channel.send("anybody?") }
        #expect(error?.code == .upstreamFailed)
    }

    @Test("writing to a process that has closed its input is an error")
    func closedInput() async throws {
        let channel = try await TestProcess.open(TestProcess.script("exec 0<&-; echo closed; exec sleep 1000"))
        #expect(try await channel.text() == "closed")
        let error = await #expect(throws: HubError.self) { try await channel.send("anybody?") }
        #expect(error?.code == .upstreamFailed)
    }

    @Test("who no longer waits for a line loses none, and who no longer waits to send leaves room for no more than one line")
    func cancellation() async throws {
        var settings = TestProcess.script("read -r line; echo \"$line\"; exec sleep 1000")
        settings.maximumLineBytes = 1 << 20
        let channel = try await TestProcess.open(settings)
        let reading = Task { try await channel.next() }  // awaited below, and cancelled before
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
        try await channel.send("first")
        #expect(try await channel.text() == "first")

        let line = ByteBuffer(repeating: UInt8(ascii: "x"), count: (1 << 20) - 1)
        let sending = Task { try await channel.send(line) }  // awaited below, and cancelled before
        sending.cancel()
        await #expect(throws: CancellationError.self) { try await sending.value }
        let error = await #expect(throws: HubError.self) { try await channel.send(line) }
        #expect(error?.code == .overloaded)
    }

    @Test(
        "a program that cannot be run says why to the operator, and nothing to the caller",
        arguments: [
            (["/nowhere/at-all"], nil, "/nowhere/at-all: the program cannot be run: No such file or directory"),
            (["no-such-program-anywhere"], nil, "no-such-program-anywhere: the program cannot be run: No such file or directory"),
            (["/etc/passwd"], nil, "/etc/passwd: the program cannot be run: Permission denied"),
            (["cat"], "/nowhere", "cat: its working directory cannot be entered: No such file or directory"),
            ([], nil, ": the command is empty"), (["cat", "a\0b"], nil, "cat: the command or its environment contains a zero byte"),
            (["cat", String(repeating: "x", count: 200_000)], nil, "cat: the command and its environment are longer than 131072 bytes"),
        ] as [([String], String?, String)])
    func failures(command: [String], folder: String?, reason: String) async throws {
        let source = ChildProcessSource(ChildProcessSettings(command: command, workingDirectory: folder))
        let error = await #expect(throws: HubError.self) { try await source.open() }
        #expect(error?.description == "upstream_failed: The server's process cannot be started")
        #expect(error?.cause.map { "\($0)" } == reason)
        try await source.waitUntilNoneRuns()
    }

    @Test("no more processes run than the source may have, and those that end make room")
    func slots() async throws {
        var settings = ChildProcessSettings(command: ["cat"])
        settings.maximumProcesses = 2
        let source = ChildProcessSource(settings)
        let channels = [try await source.open(), try await source.open()]
        #expect(source.runningProcesses == 2)
        let error = await #expect(throws: HubError.self) { try await source.open() }
        #expect(error?.code == .overloaded)
        for channel in channels { channel.close() }
        try await source.waitUntilNoneRuns()
        _ = try await source.open()
        try await source.waitUntilNoneRuns()  // nobody held it
    }

    @Test("many processes start, speak and end at once")
    func many() async throws {
        let source = ChildProcessSource(ChildProcessSettings(command: ["cat"]))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let channel = try await source.open()
                    for round in 0..<20 {
                        try await channel.send("\(number) \(round)")
                        #expect(try await channel.text() == "\(number) \(round)")
                    }
                }
            }
            try await group.waitForAll()
        }
        try await source.waitUntilNoneRuns()
    }

    @Test("lines sent at once do not mix")
    func writers() async throws {
        let channel = try await TestProcess.open(ChildProcessSettings(command: ["cat"]))
        let lines = (0..<50).map { String(repeating: "\($0) ", count: 5_000) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for line in lines { group.addTask { try await channel.send(line) } }
            var found: Set<String> = []
            for _ in lines { found.insert(try #require(try await channel.text())) }
            #expect(found == Set(lines))
            try await group.waitForAll()
        }
    }

    @Test("a program has its three descriptors, and no signals, limits or variables but those meant for it")
    func surroundings() async throws {
        let stray = unsafe Glibc.open("/etc/passwd", O_RDONLY)  // not closed on exec
        defer { close(stray) }
        var settings = ChildProcessSettings(
            command: [
                "sh", "-c",
                "ls /proc/$$/fd; grep -E 'Sig(Blk|Ign)|NoNewPrivs' /proc/self/status; ulimit -c; ulimit -n; ulimit -t; pwd; env",
            ],
            environment: ["LANG": "C", "TOKEN": "t\n1"], workingDirectory: "/usr",
            inheriting: ["PATH": "/usr/bin:/bin", "LANG": "de_DE", "LC_ALL": "C", "HUBD_MASTER_KEY": "k", "TERM": "() { :; }"])
        settings.maximumOpenFiles = 123
        settings.maximumProcessorSeconds = 77
        let lines = try await TestProcess.open(settings).texts()
        #expect(lines.prefix(3) == ["0", "1", "2"])
        #expect(lines.dropFirst(3).prefix(3) == ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "NoNewPrivs:\t1"])
        #expect(lines.dropFirst(6).prefix(4) == ["0", "123", "77", "/usr"])
        #expect(
            Set(lines.dropFirst(10)).subtracting(["OLDPWD=/usr"]) == [
                "LANG=C", "LC_ALL=C", "PATH=/usr/bin:/bin", "PWD=/usr", "TOKEN=t", "1",
            ])
        #expect("\(settings)" == "sh" && String(reflecting: settings) == "sh")
    }

    @Test("a process may not map more memory than it is given")
    func memory() async throws {
        var settings = ChildProcessSettings(command: ["python3", "-c", "bytearray(1 << 30)"])
        settings.maximumMemoryBytes = 512 << 20
        let channel = try await TestProcess.open(settings)
        #expect(try await channel.texts().isEmpty)
        #expect(channel.diagnostics.contains("MemoryError"))
    }

    @Test("memory that is reserved and not used does not count")
    func reservedMemory() async throws {
        var settings = ChildProcessSettings(command: ["python3", "-c", "import mmap; mmap.mmap(-1, 4 << 30, prot=0); print('reserved')"])
        settings.maximumMemoryBytes = 512 << 20
        #expect(try await TestProcess.open(settings).texts() == ["reserved"])
    }

    @Test("a process may not keep a processor busy for longer than it is given")
    func processorTime() async throws {
        var settings = TestProcess.script("while :; do :; done")
        settings.maximumProcessorSeconds = 1
        let channel = try await TestProcess.open(settings)
        #expect(try await channel.texts().isEmpty)
        #expect(channel.diagnostics == "ended because it kept a processor busy for longer than it may")
    }

    @Test("a program with more processes than it may have is killed with all of them, whoever started them", arguments: [true, false])
    func processes(detaches: Bool) async throws {
        let leash = try Leash()
        let child = detaches ? "(setsid sleep 1000 &);" : "sleep 1000 &"
        var settings = TestProcess.script(
            "exec 9>\"$1\"; n=0; while [ $n -lt 30 ]; do \(child) n=$((n + 1)); done; read -r line", leash.path, patience: .seconds(600))
        settings.maximumProcessesOfProgram = 20
        let source = ChildProcessSource(settings)
        let channel = try await source.open()
        #expect(try await channel.texts().isEmpty)
        #expect(leash.isReleased())
        try await source.waitUntilNoneRuns()
        #expect(channel.diagnostics.contains("killed because it had 21 processes, more than it may"))
    }

    @Test("a program with as many processes as it may have goes on")
    func fewProcesses() async throws {
        var settings = TestProcess.script("for n in 1 2 3; do sleep 1000 & done; sleep 1; echo still; cat")
        settings.maximumProcessesOfProgram = 5
        let channel = try await TestProcess.open(settings)
        #expect(try await channel.text() == "still")
    }
}
