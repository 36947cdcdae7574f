// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is compiled with.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // `~Escapable` values that carry a `Span` (PCRE2 subjects, route keys).
    .enableExperimentalFeature("Lifetimes"),
]

func target(
    _ name: String,
    path: String? = nil,
    _ dependencies: [Target.Dependency] = []
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: swiftSettings)
}

func tests(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    exclude: [String] = []
) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies,
        exclude: exclude,
        swiftSettings: swiftSettings
    )
}

/// Products of other packages.
extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let deque = product(name: "DequeModule", package: "swift-collections")
    static let hashTrees = product(name: "HashTreeCollections", package: "swift-collections")
    static let heap = product(name: "HeapModule", package: "swift-collections")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nioConcurrencyHelpers = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioFoundationEssentialsCompat = product(
        name: "NIOFoundationEssentialsCompat",
        package: "swift-nio"
    )
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
}

let package = Package(
    name: "berth",
    products: [
        .executable(name: "berth", targets: ["berth"]),
        // For other servers: docs/routing-library.md.
        .library(name: "PCRE2", targets: ["PCRE2"]),
        .library(name: "PatternSyntax", targets: ["PatternSyntax"]),
        .library(name: "Routing", targets: ["Routing"]),
        .library(name: "RoutingConfig", targets: ["RoutingConfig"]),
        .library(name: "Balancing", targets: ["Balancing"]),
        // For the fuzzers, which are a package of their own (Fuzz/Package.swift).
        .library(name: "FuzzChecks", targets: ["FuzzChecks"]),
    ],
    dependencies: [
        // Exact versions: `Package.resolved` is not committed, as it names commits, and mirrors of these packages
        // have other commit ids. A build of one revision of Berth uses the same versions everywhere.
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    ],
    targets: [
        // Imports only run down; Tests/LayeringTests states what the package manager cannot check.
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
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]
        ),
        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "libssl",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]
        ),
        .systemLibrary(
            name: "CNghttp2",
            pkgConfig: "libnghttp2",
            providers: [.apt(["libnghttp2-dev"]), .brew(["nghttp2"])]
        ),
        .systemLibrary(
            name: "CYaml",
            pkgConfig: "yaml-0.1",
            providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]
        ),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CProcess"),
        // The commit of the build: `make build` names it.
        .target(
            name: "CCommit",
            cSettings: Context.environment["BERTH_COMMIT"].map {
                $0.isEmpty ? [] : [.define("BERTH_COMMIT", to: $0)]
            }
        ),

        // Texts as bytes.
        target("Bytes"),
        target("Settings"),
        // What is counted, and how it is written: without a request.
        target("Metrics"),

        // How endpoints share requests.
        target("Balancing"),

        // Names of servers and certificates, without a TLS library.
        target("ServerNames", ["Bytes", "Routing"]),
        // Certificates and keys in files.
        target("PEM", ["COpenSSL", "Routing", "ServerNames"]),

        // Rules.
        target("PCRE2", ["CPCRE2"]),
        target("PatternSyntax"),
        target("PatternLanguages", ["PatternSyntax"]),
        target("Routing", ["Balancing", "Bytes", "PCRE2", "PatternSyntax"]),
        target("PatternSafety", ["PatternLanguages", "PatternSyntax", "PCRE2", "Routing"]),
        target(
            "RoutingConfig",
            [
                "Balancing", "Bytes", "CYaml", "PCRE2", "PatternSafety", "Routing", "ServerNames",
                "Settings",
            ]
        ),
        target(
            "Linting",
            [
                "Balancing", "PatternLanguages", "PatternSyntax", "PCRE2", "Routing", "RoutingConfig",
                "Settings",
            ]
        ),
        target("Explain", ["PCRE2", "PatternLanguages", "PatternSyntax"]),
        target("NginxImport", ["PatternSafety", "PatternSyntax", "PCRE2", "Routing", "RoutingConfig"]),

        // Names.
        // Not `System`: swift-nio imports a module of that name where there is one, and means Apple's.
        target("SystemSupport", ["CProcess", .nioConcurrencyHelpers]),
        target(
            "Names",
            [
                "Balancing", "Settings", "Routing", "SystemSupport", .deque, .hashTrees, .heap, .nioCore,
                .nioConcurrencyHelpers,
            ]
        ),
        target(
            "DNSNames",
            ["Settings", "CCares", "Names", "Routing", "SystemSupport", .nioConcurrencyHelpers]
        ),
        // The HTTP client and its TLS stay in this target.
        target(
            "RegistryClient",
            [
                "Bytes", "CCurl", "PEM", "SystemSupport", .nioCore, .nioConcurrencyHelpers,
                .nioFoundationEssentialsCompat,
            ]
        ),
        target(
            "EtcdClient",
            [
                "Balancing", "Bytes", "Names", "RegistryClient", "Routing", "Settings",
                .nioConcurrencyHelpers, .nioCore,
            ]
        ),
        target(
            "EtcdNames",
            [
                "Balancing", "EtcdClient", "Names", "RegistryClient", "Routing", "Settings", "SystemSupport",
                .nioConcurrencyHelpers,
            ]
        ),
        target(
            "ContainerNames",
            ["Balancing", "Bytes", "Names", "RegistryClient", "Routing", "Settings", .nioConcurrencyHelpers]
        ),
        target(
            "Registration",
            ["EtcdClient", "Names", "RegistryClient", "Routing", "Settings", .nioConcurrencyHelpers]
        ),

        // The data path.
        target(
            "TLS",
            [
                "Bytes", "COpenSSL", "PEM", "Routing", "ServerNames", "Settings", "SystemSupport",
                "Transports",
                .nioConcurrencyHelpers, .nioCore,
            ]
        ),
        target("HTTP1", ["Bytes"]),
        // HTTP/2 without I/O; the library stays in this target.
        target("HTTP2", ["CNghttp2", "Bytes", "HTTP1", .nioCore]),
        // What an exchange is, without sockets.
        target(
            "ProxyCore",
            [
                "Settings", "Bytes", "HTTP1", "Balancing", "Metrics", "Names", "Routing", "Transports",
                .nioCore,
                .nioConcurrencyHelpers,
            ]
        ),
        // Byte streams, and those over sockets on an event loop of the data path's own.
        target("Transports", [.nioCore]),
        target("EpollLoop", ["CEpoll", "Transports", .heap, .nioCore, .nioConcurrencyHelpers]),
        target(
            "Proxy",
            [
                "Settings", "Balancing", "Bytes", "CMalloc", "COpenSSL", "EpollLoop", "ProxyCore", "HTTP1",
                "HTTP2", "Metrics",
                "Names", "PCRE2", "Routing", "ServerNames", "SystemSupport", "TLS", "Transports", .nioCore,
                .nioConcurrencyHelpers,
            ]
        ),

        // A request through both tiers, and tests of rules: without sockets.
        target(
            "DryRun",
            [
                "Balancing", "HTTP1", "Names", "ProxyCore", "Routing", "RoutingConfig", "ServerNames",
                "Settings", .nioCore, .nioConcurrencyHelpers,
            ]
        ),
        target(
            "RuleTesting",
            [
                "Balancing", "Bytes", "DryRun", "Linting", "Names", "ProxyCore", "RoutingConfig", "Routing",
                "PatternLanguages", "PatternSyntax", "PCRE2", .nioCore, .nioConcurrencyHelpers,
            ]
        ),

        // The page of the admin interface: HTML, styles and scripts, which the program contains.
        .target(
            name: "AdminPage",
            resources: [.embedInCode("Files")],
            swiftSettings: swiftSettings
        ),

        // The program.
        target(
            "Operations",
            [
                "AdminPage", "Settings", "Balancing", "Bytes", "CMalloc", "Linting", "Metrics", "Proxy",
                "ProxyCore",
                "RoutingConfig",
                "Routing", "Names", "ContainerNames",
                "DNSNames", "DryRun", "EtcdClient", "EtcdNames", "Registration", "RegistryClient",
                "HTTP1", "ServerNames", "SystemSupport", "TLS", .nioCore, .nioHTTP1, .nioPosix, .logging,
                .nioConcurrencyHelpers,
            ]
        ),
        .executableTarget(
            name: "berth",
            dependencies: [
                "Balancing", "Bytes", "CCommit", "Settings", "DryRun", "Explain", "Linting", "NginxImport",
                "PCRE2",
                "PatternLanguages",
                "PatternSyntax",
                "RuleTesting",
                "Operations", "Proxy", "ProxyCore", "RoutingConfig", "Routing", "Names", "EtcdClient",
                "Registration", "RegistryClient", "ServerNames", "SystemSupport", "TLS",
                "HTTP1", .nioCore,
                .nioPosix, .argumentParser, .logging, .nioConcurrencyHelpers,
            ],
            swiftSettings: swiftSettings
        ),

        // The example of docs/routing-library.md.
        .executableTarget(
            name: "routing-library",
            dependencies: ["Routing", "RoutingConfig"],
            path: "examples/routing-library",
            swiftSettings: swiftSettings
        ),

        // Decisions among many rules, measured: `make bench-decisions`.
        .executableTarget(
            name: "decisions",
            dependencies: ["Proxy", "ProxyCore", "Routing", "RoutingConfig"],
            path: "Benchmarks/decisions",
            swiftSettings: swiftSettings
        ),

        // Balancing methods compared without sockets: `make bench-balancing`.
        .executableTarget(
            name: "balance",
            dependencies: ["Balancing", .heap],
            path: "Benchmarks/balancing",
            swiftSettings: swiftSettings
        ),

        // What fuzzers and tests both check. Not in Sources: nothing of Berth may import it.
        target(
            "FuzzChecks",
            path: "Fuzz/Checks",
            [
                "Settings", "Bytes", "HTTP1", "HTTP2", "Proxy", "ProxyCore", "Names", "Routing",
                "ServerNames",
                "TLS", "Transports", .nioCore, .nioEmbedded,
            ]
        ),
        // The tables of good and bad messages: for the parser's tests and for those of the whole proxy.
        target("HTTPCases", path: "Tests/HTTPCases", ["HTTP1"]),

        // What several test targets share.
        // An etcd to start and stop, and what a name source has emitted.
        target(
            "RegistryTestSupport",
            path: "Tests/RegistryTestSupport",
            ["Names", "Routing", .nioConcurrencyHelpers]
        ),
        target("TestSupport", path: "Tests/TestSupport", [.logging, .nioConcurrencyHelpers]),

        tests("LayeringTests"),
        tests("AdminPageTests", ["AdminPage"]),
        tests("BytesTests", ["Bytes"]),
        tests("MetricsTests", ["Metrics", "TestSupport"]),
        // The pages that a test makes, or checks against the sources.
        tests(
            "DocumentationTests",
            [
                "FuzzChecks", "HTTP1", "HTTPCases", "Linting", "Metrics", "ProxyCore", "RoutingConfig",
                "routing-library",
            ]
        ),
        tests("PCRE2Tests", ["PCRE2"]),
        tests("PatternSyntaxTests", ["PatternLanguages", "PatternSyntax", "PCRE2", "TestSupport"]),
        tests("RoutingTests", ["Balancing", "Routing", "TestSupport"]),
        tests(
            "RoutingConfigTests",
            ["Balancing", "Settings", "RoutingConfig", "Routing"],
            exclude: ["Golden"]
        ),
        tests(
            "LintingTests",
            [
                "Linting", "PatternLanguages", "PatternSyntax", "PCRE2", "Routing", "RoutingConfig",
                "TestSupport",
            ],
            exclude: ["Golden"]
        ),
        tests("ExplainTests", ["Explain", "PCRE2", "Routing", "RoutingConfig"], exclude: ["Golden"]),
        tests("NginxImportTests", ["NginxImport", "RoutingConfig", "Routing"], exclude: ["Golden"]),
        tests("HTTP1Tests", ["Bytes", "HTTP1", "HTTPCases", "FuzzChecks", "TestSupport"]),
        tests("HTTP2Tests", ["CNghttp2", "HTTP1", "HTTP2", "TestSupport", .nioCore]),
        tests("BalancingTests", ["Balancing", "TestSupport"], exclude: ["Golden"]),
        tests("TransportsTests", ["Transports", .nioCore]),
        tests(
            "EpollLoopTests",
            ["CEpoll", "EpollLoop", "TestSupport", "Transports", .nioCore, .nioConcurrencyHelpers]
        ),
        tests("SystemSupportTests", ["SystemSupport", .nioConcurrencyHelpers]),
        tests("PEMTests", ["PEM"]),
        tests("ServerNamesTests", ["Routing", "ServerNames"]),
        tests(
            "TLSTests",
            [
                "CMalloc", "COpenSSL", "FuzzChecks", "Operations", "Routing", "ServerNames", "Settings",
                "SystemSupport", "TLS", "Transports", .nioConcurrencyHelpers, .nioCore, .nioEmbedded,
            ]
        ),
        tests(
            "NamesTests",
            [
                "Settings", "Names", "Routing", .hashTrees, .nioCore, .nioEmbedded, .nioPosix,
                .nioConcurrencyHelpers,
            ]
        ),
        tests("DNSNamesTests", ["Settings", "DNSNames", "Names", "Routing", .nioCore, .nioPosix]),
        tests("RegistryClientTests", ["RegistryClient", .nioConcurrencyHelpers]),
        tests("EtcdClientTests", ["Balancing", "EtcdClient", "Names", "RegistryTestSupport", "Routing"]),
        tests(
            "EtcdNamesTests",
            [
                "Balancing", "EtcdClient", "EtcdNames", "Names", "RegistryClient", "RegistryTestSupport",
                "Settings", "SystemSupport", "TestSupport",
            ]
        ),
        tests(
            "ContainerNamesTests",
            ["Balancing", "ContainerNames", "Names", "RegistryClient", "RegistryTestSupport"]
        ),
        tests(
            "RegistrationTests",
            [
                "EtcdClient", "EtcdNames", "Names", "Registration", "RegistryClient", "RegistryTestSupport",
                "Routing", "Settings", .nioConcurrencyHelpers,
            ]
        ),
        tests(
            "ProxyTests",
            [
                "Settings", "Balancing", "EpollLoop", "Metrics", "Proxy", "ProxyCore", "HTTP1", "HTTP2",
                "HTTPCases",
                "FuzzChecks", "Names", "Routing", "TestSupport", "Transports",
                .hashTrees,
                .nioCore,
                .nioEmbedded,
                .nioConcurrencyHelpers,
            ]
        ),
        tests(
            "DryRunTests",
            ["DryRun", "HTTP1", "Names", "ProxyCore", "RoutingConfig", "Routing", "Settings", .nioCore]
        ),
        tests(
            "RuleTestingTests",
            ["RuleTesting", "ProxyCore", "RoutingConfig", "Routing", "TestSupport", .nioCore],
            exclude: ["Golden"]
        ),
        tests(
            "OperationsTests",
            [
                "Balancing", "DryRun", "EtcdClient", "HTTP1", "Operations", "Proxy", "ProxyCore", "Names",
                "Routing",
                "RoutingConfig",
                "RegistryTestSupport", "RuleTesting", "Settings", "TestSupport",
                .logging, .nioCore, .nioHTTP1, .nioPosix,
                .nioConcurrencyHelpers,
            ],
            exclude: ["Admin/Golden"]
        ),
    ]
)

// The thread sanitizer has nothing to find in tests of one thread each: `make sanitize-thread` leaves them out, with what
// they alone need.
if Context.environment["BERTH_TESTS"] == "threads" {
    let single: Set = [
        "AdminPageTests", "BytesTests", "PEMTests", "ServerNamesTests", "HTTP1Tests", "PatternSyntaxTests",
        "RoutingTests",
        "RoutingConfigTests",
        "LintingTests",
        "ExplainTests", "NginxImportTests", "BalancingTests", "LayeringTests", "DocumentationTests",
        "berth", "routing-library", "decisions", "Explain", "NginxImport",
    ]
    package.products.removeAll { $0.name == "berth" }
    package.targets.removeAll { single.contains($0.name) }
}

// The plugin of `make docs`, which no other build waits for.
if Context.environment["BERTH_DOCS"] != nil {
    package.dependencies.append(
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0")
    )
}
