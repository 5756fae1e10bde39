import NIOCore
import SpecIngest

/// Descriptions of APIs in JSON and YAML, and the encoders that come out of them.
enum DescriptionSubject: Subject {
    static let name = "description"

    static func check(_ input: ByteBuffer) {
        guard let api = try? OpenAPIReader.read(input) else { return }  // refused with a reason: good
        OperationClaims.check(api)
        guard let again = try? OpenAPIReader.read(input) else { fatalError("what was read is read again") }
        OperationClaims.check(api, again)
    }
}
