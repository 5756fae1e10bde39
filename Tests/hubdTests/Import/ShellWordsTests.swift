import Testing

@testable import hubd

struct ShellWordsTests {
    @Test(
        "words are those of a POSIX shell, with the quotes of bash",
        arguments: [
            ("curl  a\tb", ["curl", "a", "b"]),
            (#"'a b'"c d"e\ f"#, ["a bc de f"]),
            (#"'' "" x"#, ["", "", "x"]),
            (#""a\"b\\c\n\$""#, [#"a"b\c\n$"#]),
            (#"$'it\'s\t\x41\u00e9\101\n'"#, ["it's\tAéA\n"]),
            ("a \\\n  b \\\r\n c", ["a", "b", "c"]),
            ("a # rest\nb#c", ["a", "b#c"]),
            (#"a\"#, [#"a\"#]),
            (#"$'\xc3\xa9'"#, ["é"]),
            (#"'it'\''s'"#, ["it's"]),
            ("", []),
        ])
    func words(line: String, words: [String]) throws {
        #expect(try ShellWords(line).words == words)
    }

    @Test("a quote that is not closed is an error", arguments: ["'", "\"", "$'", "a 'b", "a \"b\\", #"$'\"#, #"$'a\'"#])
    func open(line: String) {
        #expect(throws: CommandFailure.self) { try ShellWords(line) }
    }

    @Test("what another command gets is not read", arguments: ["a b | jq .", "a b; rm x", "a b && c", "a b > f"])
    func operators(line: String) throws {
        let words = try ShellWords(line)
        #expect(words.words == ["a", "b"])
        #expect(words.isCutOff)
    }

    @Test("every beginning of a line is read or refused")
    func prefixes() {
        let line = #"curl $'a\x4\u12\7' "b\" 'c' \ -d @x"#
        for end in line.indices { _ = try? ShellWords(String(line[..<end])) }
    }
}
