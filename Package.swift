// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is compiled with: the language of the house.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // `~Escapable` values that carry a `Span` (PCRE2 subjects, route keys).
    .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
    name: "berth",
    products: [
        .executable(name: "berth", targets: ["berth"]),
        .library(name: "PCRE2", targets: ["PCRE2"]),
        .library(name: "Patterns", targets: ["Patterns"]),
        .library(name: "Routing", targets: ["Routing"]),
        .library(name: "RoutingConfig", targets: ["RoutingConfig"]),
        .library(name: "Balancing", targets: ["Balancing"]),
        // For the benchmark of decisions (Benchmarks/decisions).
        .library(name: "Proxy", targets: ["Proxy"]),
        // For the fuzzers, which are a package of their own (Fuzz/Package.swift).
        .library(name: "FuzzChecks", targets: ["FuzzChecks"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.36.0"),
    ],
    targets: [
        // The arrows only run down; Tests/HouseTests holds them.
        .systemLibrary(
            name: "CPCRE2",
            pkgConfig: "libpcre2-8",
            providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]
        ),
        .systemLibrary(
            name: "CCares",
            pkgConfig: "libcares",
            providers: [.apt(["libc-ares-dev"]), .brew(["c-ares"])]
        ),
        .systemLibrary(name: "CMalloc"),
        .target(name: "PCRE2", dependencies: ["CPCRE2"], swiftSettings: house),
        .target(name: "Patterns", swiftSettings: house),
        .target(name: "Routing", dependencies: ["PCRE2", "Patterns"], swiftSettings: house),
        .target(
            name: "RoutingConfig",
            dependencies: ["Routing", .product(name: "Yams", package: "Yams")],
            swiftSettings: house
        ),
        .target(
            name: "Linting",
            dependencies: ["Patterns", "PCRE2", "Routing", "RoutingConfig"],
            swiftSettings: house
        ),
        .target(name: "Explain", dependencies: ["PCRE2", "Patterns"], swiftSettings: house),
        .target(
            name: "NginxImport",
            dependencies: ["PCRE2", "Patterns", "Routing"],
            swiftSettings: house
        ),
        .target(name: "HTTP1", swiftSettings: house),
        .target(name: "Balancing", swiftSettings: house),
        .target(
            name: "Names",
            dependencies: [
                "Routing",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HashTreeCollections", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        // The live sources that speak HTTP, and registration: control plane. The HTTP client and its TLS
        // stay in here, so that nothing else waits for their build.
        .target(
            name: "Registries",
            dependencies: [
                "Names", "Routing",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .target(
            name: "DNS",
            dependencies: [
                "CCares", "Names", "Routing", .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .target(
            name: "Proxy",
            dependencies: [
                "CMalloc", "HTTP1", "Balancing", "Names", "Routing",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .target(
            name: "Operations",
            dependencies: [
                "Proxy", "RoutingConfig", "Routing", "Names", "Registries", "DNS", "HTTP1",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .target(
            name: "RouteTests",
            dependencies: [
                "Linting", "Operations", "Proxy", "RoutingConfig", "Routing", "Patterns", "PCRE2",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .executableTarget(
            name: "berth",
            dependencies: [
                "Explain", "Linting", "NginxImport", "PCRE2", "Patterns", "RouteTests", "Operations",
                "Proxy", "RoutingConfig", "Routing", "Names", "Registries", "HTTP1",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        // What fuzzers and tests both judge by. Not in Sources: nothing of Berth may import it.
        .target(
            name: "FuzzChecks",
            dependencies: [
                "HTTP1", "Proxy", "Names", "Routing",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Fuzz/Checks",
            swiftSettings: house
        ),
        .testTarget(name: "HouseTests", swiftSettings: house),
        .testTarget(name: "PCRE2Tests", dependencies: ["PCRE2"], swiftSettings: house),
        .testTarget(name: "PatternsTests", dependencies: ["Patterns", "PCRE2"], swiftSettings: house),
        .testTarget(name: "RoutingTests", dependencies: ["Routing"], swiftSettings: house),
        .testTarget(
            name: "LintingTests",
            dependencies: ["Linting", "Patterns", "PCRE2", "Routing", "RoutingConfig"],
            exclude: ["Golden"],
            swiftSettings: house
        ),
        .testTarget(
            name: "RoutingConfigTests",
            dependencies: ["RoutingConfig", "Routing"],
            exclude: ["Golden"],
            swiftSettings: house
        ),
        // The tables of good and bad messages: for the parser's tests and for those of the whole proxy.
        .target(
            name: "HTTPCases",
            dependencies: ["HTTP1"],
            path: "Tests/HTTPCases",
            swiftSettings: house
        ),
        .testTarget(
            name: "HTTP1Tests",
            dependencies: ["HTTP1", "HTTPCases", "FuzzChecks"],
            swiftSettings: house
        ),
        .testTarget(
            name: "ExplainTests",
            dependencies: ["Explain", "PCRE2", "Routing", "RoutingConfig"],
            exclude: ["Golden"],
            swiftSettings: house
        ),
        .testTarget(
            name: "NginxImportTests",
            dependencies: ["NginxImport", "RoutingConfig", "Routing"],
            exclude: ["Golden"],
            swiftSettings: house
        ),
        .testTarget(name: "BalancingTests", dependencies: ["Balancing"], swiftSettings: house),
        .testTarget(
            name: "NamesTests",
            dependencies: [
                "Names", "Routing",
                .product(name: "HashTreeCollections", package: "swift-collections"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "RegistriesTests",
            dependencies: [
                "Registries", "Names", "Routing",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "DNSTests",
            dependencies: [
                "DNS", "Names", "Routing",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "ProxyTests",
            dependencies: [
                "Proxy", "HTTP1", "HTTPCases", "FuzzChecks", "Names", "Routing",
                .product(name: "HashTreeCollections", package: "swift-collections"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "RouteTestsTests",
            dependencies: [
                "RouteTests", "Operations", "Proxy", "RoutingConfig", "Routing",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            exclude: ["Golden"],
            swiftSettings: house
        ),
        .testTarget(
            name: "OperationsTests",
            dependencies: [
                "Operations", "Proxy", "Names", "Routing", "RoutingConfig",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
    ]
)
