import ArgumentParser

/// `berth front`: the tier that the wildcard DNS name points to.
struct FrontCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "front",
        abstract: "Run the front tier: match hostnames and forward requests to their hosts.",
        discussion: "Example: berth front --config rules/front.yaml --listen 0.0.0.0:8080"
    )
    @OptionGroup var options: TierOptions

    func run() async throws {
        try await options.serve(as: "front", defaultListen: "0.0.0.0:8080")
    }
}
