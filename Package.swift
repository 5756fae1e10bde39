// swift-tools-version: 6.2
import PackageDescription

/// One list for every target, tests included (CONTRIBUTING.md says what each setting is for).
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let locks = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")

func target(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

/// - Parameter excluding: what tests read by its path and SwiftPM is not to ask about.
func tests(of name: String, _ dependencies: [Target.Dependency] = [], excluding: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name), nio] + dependencies, exclude: excluding, swiftSettings: settings)
}

let package = Package(
    name: "hubd",
    products: [
        .executable(name: "hubd", targets: ["hubd"]),
        .library(name: "A2ABridge", targets: ["A2ABridge"]),
        .library(name: "HubCore", targets: ["HubCore"]),
        .library(name: "HubPolicy", targets: ["HubPolicy"]),
        .library(name: "ModelProxy", targets: ["ModelProxy"]),
        .library(name: "SpecIngest", targets: ["SpecIngest"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
    ],
    targets: [
        // Level 0: values and rules, no input or output.
        target("HubCore", [nio, locks, httpTypes, logging, crypto]),

        // Level 1: each owns one kind of outside world; they never import each other.
        target("HubPolicy", ["HubCore", nio, locks, httpTypes, logging, crypto, cryptoExtras]),
        target(
            "HubServer",
            [
                "HubCore", nio, locks, httpTypes, logging,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ]),
        target("HubStore", ["HubCore", nio, locks, logging, crypto, .product(name: "GRDB", package: "GRDB.swift")]),
        target("HubTelemetry", ["HubCore", nio, locks, httpTypes, logging]),
        target(
            "HubUpstream",
            [
                "HubCore", "CHubSystem", nio, locks, httpTypes, logging, crypto,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        target("SpecIngest", ["HubCore", "CLibXML2", nio, httpTypes, .product(name: "Yams", package: "Yams")]),
        .target(name: "CLibXML2", dependencies: ["libxml2"]),
        .systemLibrary(name: "libxml2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),

        // Level 2: the products; they never import each other.
        target("A2ABridge", ["HubCore", nio, locks, httpTypes, logging, crypto]),
        target("MCPHub", ["HubCore", nio, locks, httpTypes, logging, crypto]),
        target("ModelProxy", ["HubCore", nio, locks, httpTypes, logging, crypto]),

        // Level 3: settings, wiring, command line.
        .target(name: "CHubSystem"),
        .executableTarget(
            name: "hubd",
            dependencies: [
                "HubCore", "HubPolicy", "HubServer", "HubStore", "HubTelemetry", "HubUpstream", "SpecIngest",
                "A2ABridge", "MCPHub", "ModelProxy", "CHubSystem", nio, locks, httpTypes, logging, crypto,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Resources")],
            swiftSettings: settings),

        tests(of: "CHubSystem"),
        tests(of: "HubCore", [httpTypes, locks, logging]),
        tests(
            of: "HubServer",
            [
                "HubCore", httpTypes, logging, .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ]),
        tests(of: "HubPolicy", ["HubCore", httpTypes, locks, logging, crypto, cryptoExtras]),
        tests(of: "HubStore", ["HubCore", locks, logging, crypto, .product(name: "GRDB", package: "GRDB.swift")]),
        tests(of: "HubTelemetry", ["HubCore", httpTypes, locks, logging]),
        tests(
            of: "HubUpstream",
            [
                "HubCore", "HubServer", httpTypes, locks, logging, crypto, .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        tests(of: "A2ABridge", ["HubCore", locks, httpTypes, logging], excluding: ["Golden"]),
        tests(of: "MCPHub", ["HubCore", httpTypes, locks, logging, crypto]),
        tests(of: "ModelProxy", ["HubCore", httpTypes, locks, logging]),
        tests(of: "SpecIngest", ["HubCore", httpTypes]),
        tests(
            of: "hubd",
            [
                "CHubSystem", "HubCore", "HubPolicy", "HubServer", "HubStore", "HubTelemetry", "HubUpstream", "A2ABridge", "MCPHub",
                "ModelProxy", "SpecIngest",
                httpTypes, locks, logging, crypto,
            ]),
    ]
)
