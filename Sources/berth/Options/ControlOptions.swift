import ArgumentParser
import Bytes
import Operations

/// The options of all commands that control a running tier.
struct ControlOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The tier's control socket, as its --admin has it (default: /run/berth/admin.sock).",
            valueName: "path"
        )
    )
    var admin: String?

    /// - Parameter command: its name, for messages.
    func pools(_ command: String) throws -> PoolsClient { PoolsClient(try address(command)) }

    /// - Parameter command: its name, for messages.
    func certificates(_ command: String) throws -> CertificatesClient {
        CertificatesClient(try address(command))
    }

    private func address(_ command: String) throws -> ControlAddress {
        guard let admin else { return .usual }
        switch ControlAddress.parse(path: admin) {
        case .success(let address): return address
        case .failure(let error): throw CommandFailure("\(command): \(Printable.text("\(error)"))")
        }
    }

    /// The value of a tier's `--admin`.
    static func address(_ text: String) throws -> ControlAddress {
        switch ControlAddress.parse(text) {
        case .success(let address): return address
        case .failure(let error): throw CommandFailure("\(error)")
        }
    }

    /// What a command ends with, if the tier has not done what it shall.
    static func failure(_ command: String, _ problem: ControlClient.Problem) -> CommandFailure {
        CommandFailure(
            "\(command): \(Printable.text(problem.description))",
            code: problem.kind == .notFound ? 1 : 2
        )
    }
}
