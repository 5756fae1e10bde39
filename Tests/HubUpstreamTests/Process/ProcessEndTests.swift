import FoundationEssentials
import Glibc
import HubCore
import NIOCore
import Testing

@testable import HubUpstream

@Suite("The end of a process", .timeLimit(.minutes(2)))
struct ProcessEndTests {
    @Test("a process that ends with its input is not told to")
    func willing() async throws {
        let source = ChildProcessSource(TestProcess.script("trap 'echo told >&2' TERM; cat; echo left >&2; exit 4", patience: .seconds(60)))
        let channel = try await source.open()
        channel.close()
        try await source.waitUntilNoneRuns()
        #expect(channel.diagnostics == "left\nended with status 4")
    }

    @Test("a process that goes on without its input is told to stop, all of its group at once")
    func told() async throws {
        let source = ChildProcessSource(
            TestProcess.script(
                "sh -c 'trap \"echo inner >&2; exit\" TERM; sleep 1000 & wait' & trap 'echo outer >&2; wait; exit 5' TERM; echo ready; wait"
            ))
        let channel = try await source.open()
        #expect(try await channel.text() == "ready")
        channel.close()
        try await source.waitUntilNoneRuns()
        #expect(channel.diagnostics.contains("inner\n") && channel.diagnostics.contains("outer\n"))
        #expect(channel.diagnostics.hasSuffix("ended with status 5"))
    }

    static let stubborn = [
        "ignores that it is told": "trap '' TERM HUP INT; exec 9>\"$1\"; echo ready; while :; do sleep 1; done",
        "is halted": "exec 9>\"$1\"; echo ready; kill -STOP $$",
        "left its session":
            "exec 9>\"$1\"; setsid sh -c 'trap \"\" TERM; sleep 1000; sleep 1000' </dev/null >/dev/null 2>&1 & echo ready; cat",
        "left its parents and its environment":
            "exec 9>\"$1\"; (setsid env -i sh -c 'trap \"\" TERM; (setsid sleep 1000 &); sleep 1000; :' </dev/null >/dev/null 2>&1 &); echo ready; cat",
        "left a child with the output": "exec 9>\"$1\"; sleep 1000 & echo ready",
        "runs from its end": """
        exec python3 -c '
        import os, sys, time
        os.open(sys.argv[1], os.O_WRONLY)
        print("ready", flush=True)
        while True:
            if os.fork(): os._exit(0)
            os.setsid()
            time.sleep(0.002)
        ' "$1"
        """,
        "runs from its end, many at once and without a pause": """
        exec python3 -c '
        import os, sys
        os.open(sys.argv[1], os.O_WRONLY)
        print("ready", flush=True)
        for number in range(15):
            if os.fork() == 0: break
        if number % 2: os.setsid()
        for generation in range(20000):
            if os.fork(): os._exit(0)
        open(sys.argv[1] + ".outran", "w").close()
        ' "$1"
        """,
    ]

    @Test("nothing is left of a process, however it resists", arguments: stubborn.keys.sorted())
    func resistance(name: String) async throws {
        let leash = try Leash()
        let source = ChildProcessSource(TestProcess.script(try #require(Self.stubborn[name]), leash.path))
        let channel = try await source.open()
        #expect(try await channel.text() == "ready")
        if name != "left a child with the output", !name.hasPrefix("runs from its end") { #expect(leash.isHeld) }
        channel.close()
        #expect(leash.isReleased())
        try await source.waitUntilNoneRuns()
        #expect(unsafe access(leash.path + ".outran", F_OK) != 0)
    }

    @Test("what a program leaves behind when it ends by itself is ended, and the output with it")
    func orphans() async throws {
        let leash = try Leash()
        let source = ChildProcessSource(TestProcess.script("exec 9>\"$1\"; setsid sleep 1000 & echo ready", leash.path))
        let channel = try await source.open()
        #expect(try await channel.texts() == ["ready"])
        #expect(leash.isReleased())
        try await source.waitUntilNoneRuns()
    }

    @Test("a channel that nobody holds is closed")
    func abandoned() async throws {
        let leash = try Leash()
        let source = ChildProcessSource(TestProcess.script("exec 9>\"$1\"; echo ready; exec sleep 1000", leash.path))
        #expect(try await source.open().text() == "ready")
        #expect(leash.isReleased())
        try await source.waitUntilNoneRuns()
    }

    @Test("a hub that is killed leaves no process")
    func killed() async throws {
        let leash = try Leash()
        let path = leash.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let script =
                "exec 9>\"$1\"; (setsid sh -c 'trap \"\" TERM; sleep 1000; :' </dev/null >/dev/null 2>&1 &); trap '' TERM; echo ready; cat; sleep 1000"
            let channel = try await TestProcess.open(TestProcess.script(script, path))
            #expect(try await channel.text() == "ready")
            kill(getpid(), SIGKILL)
        }
        #expect(leash.isReleased())
    }

    @Test("processes go on and new ones start where the steward was killed")
    func steward() async {
        await #expect(processExitsWith: .success) {
            let source = ChildProcessSource(ChildProcessSettings(command: ["cat"]))
            let first = try await source.open()
            let steward = try #require(Self.children().first)
            kill(steward, SIGKILL)
            let second = try await source.open()
            for channel in [first, second] {
                try await channel.send("still")
                #expect(try await channel.text() == "still")
                channel.close()
            }
            try await source.waitUntilNoneRuns()
            #expect(Self.children().count == 1)
        }
    }

    @Test("starting and ending processes leaves no descriptor, no thread and no zombie")
    func cycles() async {
        await #expect(processExitsWith: .success) {
            let source = ChildProcessSource(ChildProcessSettings(command: ["cat"]))
            func count(_ folder: String) throws -> Int { try FileManager.default.contentsOfDirectory(atPath: folder).count }
            var before = (0, 0)
            for cycle in 0..<300 {
                let channel = try await source.open()
                try await channel.send("line")
                #expect(try await channel.text() == "line")
                channel.close()
                if cycle % 2 == 0 { try await source.waitUntilNoneRuns() }
                if cycle == 20 { before = (try count("/proc/self/fd"), try count("/proc/self/task")) }
            }
            try await source.waitUntilNoneRuns()
            #expect(try count("/proc/self/fd") <= before.0)
            #expect(try count("/proc/self/task") <= before.1 + 2)
            #expect(Self.children().count == 1)
        }
    }

    /// The processes whose parent is this one, zombies included: the steward, in a process that started nothing else.
    static func children() -> [pid_t] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []  // none: the caller's count says so
        return all.compactMap { pid_t($0) }.filter { process in
            // The parent is the second word after the name, which may hold anything.
            guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else {
                return false  // ended meanwhile
            }
            return text[end...].split(separator: " ").dropFirst(2).first == "\(getpid())"
        }
    }
}
