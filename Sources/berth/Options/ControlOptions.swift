import ArgumentParser
import Bytes
import Glibc
import Operations

/// The options of all commands that control a running tier.
struct ControlOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The tier's admin interface: the path of its UNIX socket, or its address (default: the socket in /run/berth).",
            valueName: "path|address:port"
        )
    )
    var admin: String?

    @Option(
        help: ArgumentHelp(
            "A file with the token for an address (default: $BERTH_ADMIN_TOKEN_FILE).",
            valueName: "file"
        )
    )
    var adminTokenFile: String?

    /// - Parameter command: its name, for messages.
    func pools(_ command: String) throws -> PoolsClient { PoolsClient(try client(command)) }

    /// - Parameter command: its name, for messages.
    func certificates(_ command: String) throws -> CertificatesClient {
        CertificatesClient(try client(command))
    }

    /// - Parameter command: its name, for messages.
    func reload(_ command: String) throws -> ReloadClient { ReloadClient(try client(command)) }

    /// - Parameter command: its name, for messages.
    func upgrade(_ command: String) throws -> UpgradeClient { UpgradeClient(try client(command)) }

    /// - Parameter command: its name, for messages.
    func requests(_ command: String) throws -> RequestsClient { RequestsClient(try client(command)) }

    /// - Parameter command: its name, for messages.
    func tier(_ command: String) throws -> AdminClient { AdminClient(try client(command)) }

    private func client(_ command: String) throws -> ControlClient {
        let address = try address(command)
        guard case .endpoint = address else { return ControlClient(address) }
        guard let file = adminTokenFile ?? Self.environment("BERTH_ADMIN_TOKEN_FILE") else {
            throw CommandFailure(
                "\(command): --admin \(Printable.text(admin ?? "")) needs a token: --admin-token-file FILE"
            )
        }
        do throws(AdminTokenError) {
            return ControlClient(address, token: try AdminTokenFile.strongest(in: file))
        } catch {
            throw CommandFailure("\(command): \(Printable.text("\(error)"))")
        }
    }

    private func address(_ command: String) throws -> AdminAddress {
        do throws(ControlSocketError) {
            guard let admin else { return .socket(try AdminDefaults.onlySocket()) }
            return try AdminAddress.parse(admin, acceptsPath: true).get()
        } catch {
            throw CommandFailure("\(command): \(Printable.text("\(error)"))")
        }
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value[0] != 0 else { return nil }
        return String(cString: value)
    }

    /// What a command ends with, if the tier has not done what it shall.
    static func failure(_ command: String, _ problem: ControlClient.Problem) -> CommandFailure {
        CommandFailure(
            "\(command): \(Printable.text(problem.description))",
            code: problem.kind == .notFound ? 1 : 2
        )
    }
}
