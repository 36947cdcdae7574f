import ArgumentParser
import Glibc
import Operations
import Routing

/// The options of a tier's admin interface.
struct AdminListenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where 'berth status', 'berth pools' and others reach the tier: a UNIX socket, an address that needs --admin-token-file, or 'off'. May be given several times (default: a socket in the service's runtime directory, or in /run/berth where that exists).",
            valueName: "unix:path|address:port|off"
        )
    )
    var admin: [String] = []

    @Option(
        help: ArgumentHelp(
            "The tokens of the addresses of --admin: lines like 'operate TOKEN' or 'read TOKEN'. Followed while the tier runs.",
            valueName: "file"
        )
    )
    var adminTokenFile: String?

    @Option(
        help: ArgumentHelp(
            "A host name by which browsers reach the admin interface, besides its addresses. May be given several times.",
            valueName: "name"
        )
    )
    var adminHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "The group whose members may look at the tier through the socket of --admin.",
            valueName: "group"
        )
    )
    var adminGroup: String?

    @Option(
        help: ArgumentHelp(
            "Refuse a reload that would change the route of more than this share of the hosts of the last minutes.",
            valueName: "percent"
        )
    )
    var reloadGuard: Double?

    @Flag(
        help: ArgumentHelp(
            "Read changed rule files only on SIGHUP and 'berth reload', not by itself.",
            visibility: .default
        )
    )
    var reloadManually = false

    func validate() throws {
        if let reloadGuard, !(0...100).contains(reloadGuard) {
            throw ValidationError("--reload-guard: \(reloadGuard) is not a share from 0 to 100")
        }
    }

    /// - Parameter tier: `front` or `local`.
    func options(tier: String) throws(CommandFailure) -> AdminOptions {
        var options = AdminOptions()
        for text in admin where text != "off" {
            switch AdminAddress.parse(text) {
            case .success(.endpoint(let endpoint)): options.addresses.append(endpoint)
            case .success(.socket(let socket)):
                guard options.socket == nil else {
                    throw CommandFailure("--admin: there can be one UNIX socket, and any number of addresses")
                }
                options.socket = socket
            case .failure(let error): throw CommandFailure("\(error)")
            }
        }
        if admin.contains("off"), admin.count > 1 {
            throw CommandFailure("--admin: 'off' cannot be combined with an address")
        }
        if admin.isEmpty {
            options.socket = AdminDefaults.socket(of: tier)
            options.isSocketOptional = true
        }
        options.hosts = try hosts()
        options.group = try group(options)
        options.tokenFile = try tokenFile(options)
        return options
    }

    private func hosts() throws(CommandFailure) -> [String] {
        for name in adminHost where (try? HostName(name))?.port != nil || (try? HostName(name)) == nil {
            throw CommandFailure("--admin-host: '\(name)' is not a host name; write it without a port")
        }
        return adminHost
    }

    private func group(_ options: AdminOptions) throws(CommandFailure) -> UInt32? {
        guard let adminGroup else { return nil }
        guard options.socket != nil else {
            throw CommandFailure("--admin-group needs a UNIX socket: --admin unix:/run/berth/admin.sock")
        }
        guard let group = AdminDefaults.group(adminGroup) else {
            throw CommandFailure("--admin-group: there is no group '\(adminGroup)'")
        }
        return group
    }

    private func tokenFile(_ options: AdminOptions) throws(CommandFailure) -> String? {
        guard let address = options.addresses.first else {
            if adminTokenFile != nil {
                throw CommandFailure("--admin-token-file needs an address: --admin 127.0.0.1:9900")
            }
            return nil
        }
        if let file = adminTokenFile ?? AdminDefaults.tokenFile { return file }
        throw CommandFailure(
            "--admin \(address) needs --admin-token-file: anybody who reaches the address could change the tier"
        )
    }
}
