import ArgumentParser

/// `berth local`: the tier on each host.
struct LocalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local",
        abstract: "Run the local tier: match hostnames and forward requests to this host's containers.",
        discussion: "Example: berth local --config rules/local.yaml --listen 0.0.0.0:9000"
    )
    @OptionGroup var options: TierOptions

    func run() async throws {
        try await options.serve(as: "local", defaultListen: "0.0.0.0:9000")
    }
}
