// swift-tools-version: 6.2
import PackageDescription

// The fuzzers are a package of their own because they build only with `--sanitize fuzzer`, which brings
// `main` along: the package above stays buildable by everyone. What they judge by is in Checks, a target
// of the package above (there it may use what has `package` access, and the tests use it too).
// Use `Fuzz/run`.

let package = Package(
    name: "berth-fuzz",
    dependencies: [.package(name: "berth", path: "..")],
    targets: ["RequestHead", "ResponseHead", "Body", "Exchange", "Connection", "ClientHello", "HTTP2"].map {
        name in
        .executableTarget(
            name: "Fuzz\(name)",
            dependencies: [.product(name: "FuzzChecks", package: "berth")],
            path: "Targets/\(name)",
            swiftSettings: [.swiftLanguageMode(.v6), .unsafeFlags(["-parse-as-library"])]
        )
    }
)
