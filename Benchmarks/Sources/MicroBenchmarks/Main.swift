/// Times the pieces of the hub that every call goes through, each against another way where there is one.
///
///     swift run -c release --package-path Benchmarks MicroBenchmarks [--quick]
@main
enum Main {
    static func main() throws {
        let isQuick = CommandLine.arguments.contains("--quick")
        let stopwatch = Stopwatch(rounds: isQuick ? 3 : 9, roundTime: isQuick ? .milliseconds(20) : .milliseconds(200))
        print("## Micro-benchmarks: \(stopwatch.rounds) rounds of \(stopwatch.roundTime) each, in alternation\n")
        #if DEBUG
            print("**A debug build: these numbers mean nothing.**\n")
        #endif
        let groups =
            try JSONSubjects.groups() + SSESubjects.groups() + HTTPSubjects.groups() + IngestSubjects.groups() + CredentialSubjects.groups()
        for group in groups { print(ResultTable.text(group, try stopwatch.measure(group))) }
    }
}
