// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that `swift build` of Berth does not build it.
let package = Package(
    name: "decisions",
    dependencies: [.package(name: "berth", path: "../..")],
    targets: [
        .executableTarget(
            name: "decisions",
            dependencies: [
                .product(name: "Proxy", package: "berth"),
                .product(name: "Routing", package: "berth"),
                .product(name: "RoutingConfig", package: "berth"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .treatAllWarnings(as: .error),
                .enableExperimentalFeature("Lifetimes"),
            ]
        )
    ]
)
