import Logging
import NIOCore
import Proxy
import ProxyCore
import Routing

/// The listeners of the admin interface of a tier: a UNIX socket, addresses, or both.
///
/// They are bound before the tier serves, so that a mistake stops the start, and serve when the tier does.
final class AdminInterface: Sendable {
    /// Nil: there is none.
    let socket: ControlSocket?
    private let options: AdminOptions
    private let servers: [ControlServer]
    private let tokens: AdminTokens?
    private let logger: Logger
    /// The server of the socket, once it has begun.
    private let socketServer = LateBox<ControlServer>()
    private let router = LateBox<ControlRouter>()

    private init(
        _ options: AdminOptions,
        _ socket: ControlSocket?,
        _ servers: [ControlServer],
        _ tokens: AdminTokens?,
        _ logger: Logger
    ) {
        self.options = options
        self.socket = socket
        self.servers = servers
        self.tokens = tokens
        self.logger = logger
    }

    /// - Parameters:
    ///   - takesOver: from an instance that ends.
    ///   - inherited: the sockets of its addresses.
    /// - Throws: `ControlSocketError` or `AdminTokenError`; then nothing is bound.
    static func bind(
        _ options: AdminOptions,
        takesOver: Bool,
        inherited: inout InheritedSockets,
        _ logger: Logger
    ) async throws -> AdminInterface {
        var tokens: AdminTokens?
        if !options.addresses.isEmpty {
            guard let file = options.tokenFile else {
                throw AdminTokenError(
                    path: "\(options.addresses[0])",
                    reason: "an address needs a file of tokens"
                )
            }
            tokens = try AdminTokens(path: file, logger: logger)
        }
        let socket = try listen(options, takesOver: takesOver, logger)
        var servers: [ControlServer] = []
        do throws(ControlSocketError) {
            for address in options.addresses {
                guard let tokens else { continue }
                servers.append(
                    try await ControlServer.bind(
                        to: address,
                        sharesPort: takesOver,
                        inherited: &inherited,
                        group: NameSources.shared.group,
                        tokens: tokens,
                        hosts: options.hosts
                    )
                )
            }
        } catch {
            socket?.discard()
            for server in servers { await server.stop() }
            throw error
        }
        return AdminInterface(options, socket, servers, tokens, logger)
    }

    private static func listen(
        _ options: AdminOptions,
        takesOver: Bool,
        _ logger: Logger
    ) throws(ControlSocketError) -> ControlSocket? {
        guard let address = options.socket else { return nil }
        do throws(ControlSocketError) {
            return try ControlSocket.listen(at: address, takesOver: takesOver, group: options.group)
        } catch {
            guard options.isSocketOptional else { throw error }
            logger.info("no admin socket", metadata: ["path": "\(error.path)", "reason": "\(error.reason)"])
            return nil
        }
    }

    /// Where it listens besides the socket, with the ports that were chosen.
    var endpoints: [Endpoint] { ports.map(\.endpoint) }

    /// These addresses.
    var ports: [ControlPort] { servers.compactMap(\.port) }

    /// Nobody can reach the tier.
    var isOff: Bool { socket == nil && servers.isEmpty }

    /// No other instance has taken the socket over.
    var isInPlace: Bool { socket?.isInPlace ?? true }

    /// - Parameter activates: false: the socket's file, and addresses, belong to another process until `activate`.
    func begin(_ router: ControlRouter, activates: Bool) async throws(ControlSocketError) {
        self.router.set(router)
        if let socket {
            socketServer.set(
                try await ControlServer.start(
                    on: socket,
                    activates: activates,
                    group: NameSources.shared.group,
                    groupMayRead: options.group != nil,
                    hosts: options.hosts
                ) { await router.respond($0) }
            )
        }
        if activates { beginServers(router) }
    }

    /// Takes the socket's file, and serves at the addresses.
    func activate() throws(ControlSocketError) {
        if let router = router.value { beginServers(router) }
        try socketServer.value?.activate()
    }

    private func beginServers(_ router: ControlRouter) {
        tokens?.start()
        for server in servers {
            server.begin { await router.respond($0) }
            guard let endpoint = server.port?.endpoint else { continue }
            logger.notice("admin interface", metadata: ["address": "\(endpoint)"])
        }
    }

    /// Another process serves at the addresses: accepts nothing more there. Connections go on.
    func release() async {
        for port in ports { await port.release() }
    }

    /// Removes the socket's file, and closes all connections.
    func stop() async {
        tokens?.stop()
        for server in servers { await server.stop() }
        if let server = socketServer.value { await server.stop() } else { socket?.discard() }
    }
}

extension TierSettings {
    /// … of a tier whose requests reach none of these addresses.
    ///
    /// - Parameter others: as they are.
    func protecting(_ endpoints: [Endpoint], and others: [Endpoint]) -> TierSettings {
        var settings = self
        settings.controlPlane += AdminOptions.protected(endpoints) + others
        return settings
    }
}

extension AdminOptions {
    /// What no request may reach: a listener on all addresses is at each of this machine.
    static func protected(_ endpoints: [Endpoint]) -> [Endpoint] {
        endpoints.flatMap { endpoint -> [Endpoint] in
            guard endpoint.address.isUnspecified else { return [endpoint] }
            let own = Tier.ownAddresses() + ["127.0.0.1", "::1"].compactMap { IPAddress($0) }
            return own.map { Endpoint(address: $0, port: endpoint.port) }
        }
    }

    /// Where the tier keeps what operators set; nil: nowhere.
    func keptStateFile(stateDirectory: String?) -> KeptStateFile? {
        if let socket { return KeptStateFile(socket, stateDirectory: stateDirectory) }
        guard let stateDirectory, let address = addresses.first else { return nil }
        return KeptStateFile(folder: stateDirectory, name: "admin", of: "\(address)")
    }
}
