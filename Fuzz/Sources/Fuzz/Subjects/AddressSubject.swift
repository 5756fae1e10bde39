import HubCore
import NIOCore

/// URLs, authorities and addresses: what a text is taken for has one spelling, and reading that changes nothing.
enum AddressSubject: Subject {
    static let name = "address"

    static func check(_ input: ByteBuffer) {
        let text = String(decoding: input.readableBytesView, as: UTF8.self)
        if let address = HTTPAddress(text) {
            claim(HTTPAddress(address.description) == address, "an address is read from its own spelling")
            let parts = HTTPAddress(scheme: address.scheme, host: address.host, port: address.port, path: address.path)
            claim(parts == address, "an address is the sum of its parts")
            claim(address.description.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "an address is printable ASCII")
            claim(address.path.isEmpty || address.path.hasPrefix("/") && !address.path.hasSuffix("/"), "a path is trimmed")
            checkAuthority(address.authority, host: address.host)
            claim(address.hostClass == HostClass(address.host), "a host has one class")
        }
        if let (host, port) = HTTPAddress.splitAuthority(text) {
            let name = host.contains(":") ? "[\(host)]" : host
            checkAuthority(port.map { "\(name):\($0)" } ?? name, host: host)
            claim(host.utf8.allSatisfy { !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }, "a host is lower case")
        }
        if let ip = IPAddress(text) {
            claim(IPAddress(ip.description) == ip, "an IP address is read from its own spelling")
            claim(IPAddress(bytes: ip.bytes) == ip, "an IP address is its bytes")
            claim(HostClass(ip.description) == HostClass(ip), "an IP address has one class")
        }
        if let ip = IPAddress(bytes: Array(input.readableBytesView.prefix(16))) {
            claim(IPAddress(ip.description) == ip, "any bytes have a spelling that is read")
        }
    }

    private static func checkAuthority(_ authority: String, host: String) {
        claim(HTTPAddress.splitAuthority(authority)?.host == host, "an authority is read from its own spelling")
    }
}
