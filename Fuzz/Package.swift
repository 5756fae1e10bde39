// swift-tools-version: 6.2
import PackageDescription

/// The settings of the hub's own targets (../Package.swift).
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

// Built by `Fuzz/run`, which adds the sanitizer, the coverage counters and libFuzzer; without them it does not link.
let package = Package(
    name: "Fuzz",
    dependencies: [
        // Named, because the folder of a clone may have any name.
        .package(name: "hubd", path: ".."),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CLibFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "CLibFuzzer",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "A2ABridge", package: "hubd"),
                .product(name: "HubCore", package: "hubd"),
                .product(name: "HubPolicy", package: "hubd"),
                .product(name: "ModelProxy", package: "hubd"),
                .product(name: "SpecIngest", package: "hubd"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings),
    ]
)
