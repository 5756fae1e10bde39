import Crypto
import HTTPTypes
import HubCore
import NIOCore

/// Gives files of messages to an application of Dify: bytes are uploaded, addresses are passed on, and either is named in the request.
struct DifyUpload {
    let client: ApplicationClient
    let user: String
    let context: CallContext

    /// The most files of a request.
    private static let most = 32

    /// What a request says of files.
    func references(_ files: [MessagePart]) async throws -> [JSONTree] {
        guard files.count <= Self.most else { throw HubError(.tooLarge, "The message has too many files") }
        var references: [JSONTree] = []
        for file in files { references.append(try await reference(file)) }
        return references
    }

    private func reference(_ file: MessagePart) async throws -> JSONTree {
        let kind = JSONTree.string(file.fileKind.rawValue)
        switch file.content {
        case .text, .data: throw HubError(.internal, "The hub failed to answer")
        case .url(let url): return .object(["type": kind, "transfer_method": .string("remote_url"), "url": .string(try Self.checked(url))])
        case .raw(let bytes):
            let id = try await upload(bytes, file)
            return .object(["type": kind, "transfer_method": .string("local_file"), "upload_file_id": .string(id)])
        }
    }

    /// What is said of a file that a variable has the address of; nil for what is no address.
    static func reference(address: String) -> JSONTree? {
        guard let url = try? checked(address) else { return nil }  // it is left as it is then
        let kind = MessagePart(content: .url(url)).fileKind
        return .object(["type": .string(kind.rawValue), "transfer_method": .string("remote_url"), "url": .string(url)])
    }

    private static func checked(_ url: String) throws -> String {
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.count <= 8_192, url.utf8.allSatisfy({ $0 > 0x20 }) else {
            throw HubError(.invalidArguments, "The address of a file must begin with https:// or http://")
        }
        return url
    }

    private func upload(_ bytes: ByteBuffer, _ file: MessagePart) async throws -> String {
        // No content holds its own digest.
        let digest = SHA256.hash(data: Array(bytes.readableBytesView))
        let boundary = "hubd-" + Base64.encodeURLSafe(Array(digest))
        let type = file.mediaType.flatMap { MediaType($0) }?.essence ?? "application/octet-stream"
        var body = ByteBuffer()
        body.writeString("--\(boundary)\r\ncontent-disposition: form-data; name=\"user\"\r\n\r\n\(user)\r\n--\(boundary)\r\n")
        body.writeString("content-disposition: form-data; name=\"file\"; filename=\"\(Self.filename(file, type))\"\r\n")
        body.writeString("content-type: \(type)\r\n\r\n")
        body.writeImmutableBuffer(bytes)
        body.writeString("\r\n--\(boundary)--\r\n")
        let fields: HTTPFields = [.contentType: "multipart/form-data; boundary=\(boundary)"]
        let answer = try await client.object(.post, "/files/upload", body, fields: fields, context: context)
        guard let id = answer?["id"]?.string, !id.isEmpty, id.utf8.count <= 256 else { throw ApplicationEvents.nonsense }
        return id
    }

    /// A name that the application takes: without the characters that end a parameter or are a path. It tells kinds apart by the ending.
    private static func filename(_ file: MessagePart, _ type: String) -> String {
        let given = (file.filename ?? "").split { $0 == "/" || $0 == "\\" }.last ?? ""
        let name = String(
            given.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\"" }.prefix(200).map(Character.init))
        if name.contains(where: { $0 != "." && $0 != " " }) { return name }
        let ending = type.split(separator: "/").last.map(String.init) ?? ""
        let known = ["plain": "txt", "jpeg": "jpg", "markdown": "md", "mpeg": "mp3", "octet-stream": "bin"]
        return "file." + (known[ending] ?? String(ending.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.prefix(16)))
    }
}
