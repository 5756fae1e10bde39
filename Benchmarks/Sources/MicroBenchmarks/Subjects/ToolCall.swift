import NIOCore

/// A `tools/call` of 1 KB: as text, and as the types that Foundation's coders read it into.
enum ToolCall {
    /// The message of the 2026-07-28 revision.
    static let text = """
        {"jsonrpc":"2.0","id":184,"method":"tools/call","params":{"name":"createOrder","arguments":{"customer":"c-20417",\
        "reference":"PO 2026/0113","priority":2,"express":false,"discount":12.5,"address":{"name":"Ana Lukić","street":"Obala 14",\
        "city":"Split","postcode":"21000","country":"HR"},"items":[{"sku":"TW-500","quantity":2,"price":129.9,"note":"calibrated"},\
        {"sku":"HX-08","quantity":40,"price":0.35,"note":"zinc \\"grade 8\\""},{"sku":"GL-L","quantity":6,"price":7.25,"note":"large"},\
        {"sku":"SD-4","quantity":1,"price":18,"note":"insulated to 1 kV"},{"sku":"TP-19","quantity":12,"price":2.1,"note":"black"}],\
        "tags":["workshop","spring","repeat"],"note":"Deliver to the yard behind the building; call the number on the gate first. \
        If nobody answers, leave it with the neighbour at 16 and send a picture of the receipt."},"_meta":{\
        "io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},\
        "io.modelcontextprotocol/clientInfo":{"name":"benchmark","version":"1.0"}}}}
        """

    static let bytes = ByteBuffer(string: text)

    struct Message: Codable {
        var jsonrpc: String
        var id: Int
        var method: String
        var params: Parameters
    }

    struct Parameters: Codable {
        var name: String
        var arguments: Arguments
        var meta: Meta

        enum CodingKeys: String, CodingKey {
            case name
            case arguments
            case meta = "_meta"
        }
    }

    struct Arguments: Codable {
        var customer: String
        var reference: String
        var priority: Int
        var express: Bool
        var discount: Double
        var address: Address
        var items: [Item]
        var tags: [String]
        var note: String
    }

    struct Address: Codable {
        var name: String
        var street: String
        var city: String
        var postcode: String
        var country: String
    }

    struct Item: Codable {
        var sku: String
        var quantity: Int
        var price: Double
        var note: String
    }

    struct Meta: Codable {
        var version: String
        var capabilities: [String: String]
        var client: Client

        enum CodingKeys: String, CodingKey {
            case version = "io.modelcontextprotocol/protocolVersion"
            case capabilities = "io.modelcontextprotocol/clientCapabilities"
            case client = "io.modelcontextprotocol/clientInfo"
        }
    }

    struct Client: Codable {
        var name: String
        var version: String
    }

    /// The answer to it, carrying the arguments back.
    struct Answer: Codable {
        var jsonrpc: String
        var id: Int
        var result: Result

        struct Result: Codable {
            var tool: String
            var structuredContent: Arguments
        }
    }
}
