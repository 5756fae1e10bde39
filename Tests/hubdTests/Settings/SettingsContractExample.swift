/// A configuration that uses every section of the grammar: the example of the contract, without its comments.
let contractExample = #"""
    listen: 127.0.0.1:8080
    publicUrl: https://hub.example.com
    hosts: [hub.example.com]
    trustedProxies: [10.0.0.0/8]
    tls: [ { names: [hub.example.com], certificate: certs/hub.pem, key: "file:certs/hub.key" } ]
    bounds: { headerBytes: 64KiB, bodyBytes: 4MiB, connections: 20000, perAddress: 256, inFlight: 4096 }
    admin: { listen: 127.0.0.1:8081, token: env:HUBD_ADMIN_TOKEN }
    data: ./hub-data
    masterKey: file:/etc/hubd/master.key

    clusters: { prod: { kubeconfig: "file:/etc/hubd/prod.kubeconfig" } }
    upstreams:
      orders:
        addresses: ["http://10.0.0.5:8080", { url: "http://10.0.0.6:8080", weight: 2 }]
        balance: least-request
        credential: { bearer: env:ORDERS_TOKEN }
        health:
          probe: { path: /healthz, every: 5s, timeout: 1s, unhealthyAfter: 3, healthyAfter: 2 }
          outliers: { consecutiveErrors: 5, ejectFor: 30s, maxEjected: 50% }
        timeouts: { connect: 2s, firstByte: 30s, idle: 60s, total: 10m }
        retries: { attempts: 2, on: [connect, reset, 502, 503, 504], budget: 20% }
      ledger:   { dns: { host: ledger.internal, port: 8443, scheme: https, server: "10.0.0.2:53" } }
      crm:
        nacos:
          { server: "http://nacos:8848", namespace: public, group: DEFAULT_GROUP, service: crm, username: hub, password: env:NACOS_PASSWORD }
      shop:     { kubernetes: { cluster: prod, namespace: shop, service: web, port: http } }
      resize:
        function: { provider: alibaba-fc, region: cn-hangzhou, name: resize, credential: { id: env:FC_ID, secret: env:FC_SECRET } }
      gpu-pool: { addresses: ["http://10.0.1.5:8000", "http://10.0.1.6:8000"] }
      research-v1: { addresses: ["http://10.0.2.1:9000"] }
      research-v2: { addresses: ["http://10.0.2.2:9000"] }
      dify:     { addresses: ["https://dify.internal"] }

    servers:
      orders:
        expose: false
        openapi: specs/orders.yaml
        upstream: orders
        refresh: 10m
        tools:
          listOrders:
            rename: find_orders
            title: Find orders
            description: "Orders of a customer, newest first"
            examples: ["my last orders"]
            response: { keep: ["/data/*/id", "/data/*/total"] }
          createOrder: { risk: destructive, arguments: { channel: { fix: hub }, note: { description: "Why" } } }
          deleteOrder: { hidden: true }
      vat:      { wsdl: specs/checkVat.wsdl, auth: [apiKey] }
      tickets:
        expose: false
        upstream: crm
        http:
          - name: get_ticket
            request: "GET /tickets/{id}"
            description: One ticket
            parameters: { id: { type: string, in: path, required: true } }
      docs:     { mcp: "https://docs.example.com/mcp", auth: [apiKey] }
      files:
        { command: [python3, -m, my_file_server, /srv/files], env: { TOKEN: env:FILES_TOKEN, LOG_LEVEL: info }, auth: [apiKey] }

    virtualServers:
      support:
        description: What a support agent needs.
        include:
          - { server: orders, tools: ["find_*", "get*"], prefix: orders_ }
          - { server: tickets, prompts: ["*"], resources: ["*"] }
          - { agent: research }
        routing: { mode: search, limit: 8, pinned: [get_ticket] }
        profile: anthropic
        auth: [apiKey, jwt]
        access:
          - { consumers: [support-bot], tools: ["orders_*", "get_ticket"] }
          - { groups: [admins], tools: ["*"], maxRisk: destructive }
        trust: { pin: first-use }
        cors: { origins: ["https://app.example.com"] }
      partner:
        include: [ { server: orders, tools: ["find_orders"] } ]
        auth: [oauth]
        oauth: { authorizationServers: ["https://idp.example.com"], scopes: { "orders:read": ["find_*"] } }

    agents:
      orders:
        skills: { server: orders, tools: ["find_orders", "getOrder"] }
        planner: { api: default, model: qwen-plus }
        card: { name: Orders, description: Looks up and places orders. }
        auth: [apiKey]
      research:
        a2a:
          releases:
            - { upstream: research-v1, weight: 95 }
            - { upstream: research-v2, weight: 5 }
            - { upstream: research-v2, when: { header: { x-canary: "1" } } }
        auth: [apiKey, jwt]
      helpdesk: { dify: { upstream: dify, key: env:DIFY_KEY, app: chat }, auth: [hmac] }
      travel:   { modelStudio: { appId: abc123, key: env:DASHSCOPE_KEY }, auth: [apiKey] }
    registries:
      nacos:
        server: "http://nacos:8848"
        username: hub
        password: env:NACOS_PASSWORD
        publish: [agents, servers]
        import: ["agents/*", "servers/*"]

    models:
      default:
        services:
          qwen:   { provider: dashscope, key: env:DASHSCOPE_KEY }
          claude: { provider: anthropic, key: env:ANTHROPIC_KEY }
          nova:   { provider: bedrock, region: us-east-1, credential: { id: env:AWS_ID, secret: env:AWS_SECRET } }
          gpt:    { provider: azure, endpoint: "https://x.openai.azure.com", deployment: gpt-5, apiVersion: v1, key: env:AZURE_KEY }
          local:  { provider: vllm, upstream: gpu-pool }
        routes:
          - { when: { header: { x-tier: gold } }, to: [ { service: claude, model: claude-opus-4-5 } ] }
          - { when: { model: "qwen-*" }, to: [ { service: qwen } ], fallback: [ { service: local, model: qwen3-8b } ] }
          - to: [ { service: local, model: llama-4, weight: 90 }, { service: claude, model: claude-haiku-4-5, weight: 10 } ]
        auth: [apiKey]
        toolSelection: { limit: 12 }
        webSearch: { server: docs, tool: search, when: auto }
        cache: { ttl: 10m }

    identity:
      jwt:
        - issuer: "https://idp.example.com"
          jwks: "https://idp.example.com/keys"
          audience: [hub]
          algorithms: [RS256, ES256]
          consumer: azp
          groups: realm_access.roles
      hmac: { clockSkew: 5m }
    consumers:
      support-bot:
        groups: [support]
        apiKeys:
          - { sha256: d9ea9f0a5e005acb42e0b65adbf3e16c0b05a4b9e647b303aa9a7dfc23645d9b }
          - { value: "vault:hub/support-bot#key" }
        jwt: { issuer: "https://idp.example.com", claims: { azp: support-bot } }
        hmac: { key: support-bot, secret: store:support-bot-hmac }

    policies:
      network:  { allow: [10.0.0.0/8, 127.0.0.1/32], deny: [10.9.0.0/16] }
      limits:
        - name: per-consumer
          on: "model:default"
          by: [consumer, model]
          tokens: 100000/1m
          requests: 60/1m
          concurrency: 8
          mode: enforce
        - { name: writes, on: "server:support", by: [consumer, tool], requests: 10/1s, connections: 50 }
      guards:
        - { name: strict, on: all, contentModeration: high, promptAttack: medium, sensitiveData: monitor, maliciousFile: high, waterMark: monitor }
      masks:
        - { name: pii, on: "model:default", types: [email, phone, creditCard, idNumber, secret], restore: true }
      plugins:
        - { name: house-rules, on: "server:support", script: plugins/house-rules.lua }
    telemetry:
      otlp: { endpoint: "http://127.0.0.1:4318" }
    """#
