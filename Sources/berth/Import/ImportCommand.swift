import ArgumentParser

/// `berth import`: rule files from other proxies' configurations.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Convert another proxy's configuration into a rule file.",
        discussion: "Example: berth import nginx /etc/nginx/nginx.conf > rules/front.yaml",
        subcommands: [ImportNginxCommand.self]
    )
}
