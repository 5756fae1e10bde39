import HubPolicy
import Testing

@Suite struct KeyDigestTests {
    // FIPS 180-2, appendix B.1.
    private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test("a key and its hash in the configuration are the same digest")
    func hash() throws {
        #expect(KeyDigest(of: "abc") == KeyDigest(hexadecimal: abc))
        #expect(KeyDigest(of: "abc") == KeyDigest(hexadecimal: abc.uppercased()))
        #expect(KeyDigest(of: "abc").description == abc)
        #expect(KeyDigest(of: "abc").name == "ba7816bf8f01cfe")
        #expect(KeyDigest(of: "abd") != KeyDigest(of: "abc"))
    }

    @Test("what is not 64 hexadecimal digits is no digest", arguments: ["", "ba", "g", "é"])
    func malformed(end: String) {
        #expect(KeyDigest(hexadecimal: abc.dropLast(end.isEmpty ? 1 : 0) + end) == nil)
    }
}
