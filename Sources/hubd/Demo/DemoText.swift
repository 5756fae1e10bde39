/// What the demo writes and prints.
enum DemoText {
    /// Where its services listen.
    struct Places: Sendable {
        var orders: String
        var stock: String
        var model: String
    }

    static func configuration(_ places: Places) -> String {
        """
        # Written by `hubd demo`. Change it while the demo runs, then send SIGHUP or run:
        #   hubd reload --config <this file> --data <this folder>
        upstreams:
          orders:
            addresses: ["http://\(places.orders)"]
          stock:
            addresses: ["http://\(places.stock)"]
        servers:
          orders:
            description: Orders of a small shop.
            openapi: orders.openapi.yaml
            upstream: orders
            tools:
              listOrders: { rename: find_orders, title: Find orders }
          stock:
            description: The warehouse of the shop.
            wsdl: stock.wsdl
            upstream: stock
        virtualServers:
          shop:
            description: What somebody at the counter needs.
            include:
              - { server: orders, tools: [find_orders, getOrder, createOrder] }
              - { server: stock }
            tools:
              checkStock: { rename: check_stock, title: Check stock }
        agents:
          counter:
            skills: { server: shop }
            card: { name: Counter, description: Looks up and places orders and looks into the warehouse. }
            default: true
        models:
          default:
            services:
              echo: { provider: openai-compatible, endpoint: "http://\(places.model)/v1" }

        """
    }

    static func text(publicURL: String, adminAddress: String, places: Places, configuration: String, tokenPath: String) -> String {
        let (orders, shop, agent) = ("\(publicURL)/mcp/orders", "\(publicURL)/mcp/shop", "\(publicURL)/a2a/counter")
        return """
            public listener: \(publicURL)
            admin listener: http://\(adminAddress) (token in \(tokenPath))
            legacy service: http://\(places.orders), described by OpenAPI, knows nothing of MCP
            older service:  http://\(places.stock)/stock, described by WSDL, knows nothing of JSON
            model:          http://\(places.model)/v1, in OpenAI's protocol, says back what it is told
            configuration:  \(configuration)

            The legacy service is the MCP server \(orders), the older one \(publicURL)/mcp/stock.
            The virtual server \(shop) has some tools of both. The same are the skills of
            the A2A agent \(agent), also for clients that are given \(publicURL). The model is at \(publicURL)/v1.
            Paste into

            Claude Code:
              claude mcp add --transport http orders \(orders)
              claude mcp add --transport http shop \(shop)

            Cursor (~/.cursor/mcp.json):
              { "mcpServers": { "orders": { "url": "\(orders)" }, "shop": { "url": "\(shop)" } } }

            VS Code (.vscode/mcp.json):
              { "servers": { "orders": { "type": "http", "url": "\(orders)" }, "shop": { "type": "http", "url": "\(shop)" } } }

            A shell, for the REST service:
            \(call(of: "find_orders", #"{"customer":"ada"}"#, at: orders))

            A shell, for the SOAP service in the virtual server:
            \(call(of: "check_stock", #"{"item":"Nanosecond of wire"}"#, at: shop))

            A shell, for the agent, in plain words (A2A 1.0):
              curl -s \(agent)/message:send -H 'content-type: application/json' -H 'a2a-version: 1.0' \\
                -d '{"message":{"messageId":"1","role":"ROLE_USER","parts":[{"text":"find orders, customer: ada"}]}}'

            A shell, for the model:
              curl -s \(publicURL)/v1/chat/completions -H 'content-type: application/json' \\
                -d '{"model":"echo","messages":[{"role":"user","content":"hello"}]}'

            Ctrl-C stops the demo.
            """
    }

    private static func call(of tool: String, _ arguments: String, at url: String) -> String {
        """
          curl -s \(url) \\
            -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\
            -H 'mcp-protocol-version: 2026-07-28' -H 'mcp-method: tools/call' -H 'mcp-name: \(tool)' \\
            -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\(tool)","arguments":\(arguments),"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}'
        """
    }
}
