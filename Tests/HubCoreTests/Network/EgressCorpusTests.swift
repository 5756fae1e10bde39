import FoundationEssentials
import HubCore
import NIOCore
import Testing

/// The addresses of the corpora (`hostile/url`): run where `HUBD_CORPORA` names their folder.
@Suite("Hostile addresses", .enabled(if: JSONCorpus.folder != nil, "HUBD_CORPORA is not set"))
struct EgressCorpusTests {
    /// What the names of the corpus resolve to: what its notes say, and the addresses that such names have where there is such a service.
    private static let names: [String: [String]] = [
        "localhost.localdomain": ["127.0.0.1"], "169.254.169.254.nip.example": ["169.254.169.254"],
        "instance-data": ["169.254.169.254"], "kubernetes.default.svc": ["10.96.0.1"], "host.docker.internal": ["192.168.65.254"],
        "example.com": ["93.184.216.34"], "xn--bcher-kva.example": ["93.184.216.34"],
    ]

    @Test("every address gets its verdict", arguments: URLCorpus.lines("egress-guard"))
    func verdicts(line: URLCorpus.Line) throws {
        let verdict = try Self.isAllowed(try #require(line.json["url"]?.string)) ? "allow" : "block"
        let expected = try #require(line.json["expect"]?.string)
        #expect(expected == "either" || verdict == expected, "\(line.json["url"]?.string ?? "")")
    }

    /// A name is allowed where each of its addresses is public: that is what the connector asks of them.
    private static func isAllowed(_ url: String) throws -> Bool {
        guard let address = HTTPAddress(String(url.prefix { $0 != "?" })) else { return false }
        switch address.hostClass {
        case .public: return true
        case .loopback, .restricted: return false
        case .name:
            let found = try #require(names[address.host], "the test does not know \(address.host)")
            return found.allSatisfy { HostClass($0) == .public }
        }
    }

    /// The corpus has browsers' tolerance: hosts with user information, percent-encoding, control characters in them. Those are refused
    /// here. What is taken has the host that the URL standard gives it; the standard keeps the dot at the end of a name.
    @Test("what is taken for the host is what the URL standard takes for it, or nothing is", arguments: URLCorpus.lines("wpt-urltestdata"))
    func standard(line: URLCorpus.Line) throws {
        let input = try #require(line.json["input"]?.string)
        guard let address = HTTPAddress(input) else { return }
        let host = try #require(line.json["hostname"]?.string, "\(input) is none, says the standard")
        let plain = host.hasSuffix(".") ? String(host.dropLast()) : host
        #expect(address.host == plain.trimmingBrackets, "\(input)")
        let port = line.json["port"]?.string ?? ""
        #expect(port.isEmpty ? address.port == (address.scheme == .http ? 80 : 443) : port == "\(address.port)")
    }

    @Test("enough of the addresses are taken for the comparison to say something")
    func counts() {
        let taken = URLCorpus.lines("wpt-urltestdata").filter { $0.json["input"]?.string.flatMap { HTTPAddress($0) } != nil }
        #expect(URLCorpus.lines("wpt-urltestdata").count == 666)
        #expect(taken.count >= 30)
        #expect(URLCorpus.lines("egress-guard").count == 97)
    }
}

/// Reads the lines of `hostile/url`.
enum URLCorpus {
    struct Line: Sendable, CustomTestStringConvertible {
        var json: JSONValue
        var testDescription: String { json["id"]?.string ?? "" }
    }

    static func lines(_ file: String) -> [Line] {
        guard let folder = JSONCorpus.folder, let data = try? Data(contentsOf: URL(filePath: "\(folder)/hostile/url/\(file).jsonl")) else {
            return []  // the count test fails
        }
        return data.split(separator: 0x0A).compactMap { line in
            // Lone halves of surrogate pairs, of which one line has some, are no JSON here: the count tells.
            (try? JSONDocument(parsing: ByteBuffer(bytes: line), limits: .payload).root).map { Line(json: $0) }
        }
    }
}

extension String {
    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}
