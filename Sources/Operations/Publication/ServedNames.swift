import Balancing
import Names
import NIOCore
import Proxy
import ProxyCore
import Routing

/// The endpoints of the names that a tier publishes, where their pools have checks: they are checked whether requests
/// come or not.
///
/// The tier checks them as it checks all others: once, whatever the number of loops and pools.
struct ServedNames {
    private struct Member {
        let endpoint: SharedEndpoint
        let sourceState: EndpointSettings.AdministrativeState

        /// No new request goes there.
        var isDown: Bool {
            let flags = endpoint.flags
            if flags.contains(.setByOperator) {
                return !flags.isDisjoint(with: [.checkedDown, .administrativelyDown])
            }
            return sourceState == .down || !flags.isDisjoint(with: [.checkedDown, .administrativelyDown])
        }
    }

    private let endpoints: SharedEndpoints
    private let scratch = RouteScratch()
    private var table: RouteTable?
    private var ports: TargetPorts?
    private var resolved: NameTable?
    private var names: Set<String> = []
    private var members: [String: [Member]] = [:]

    /// - Parameter endpoints: of the tier.
    init(_ endpoints: SharedEndpoints) {
        self.endpoints = endpoints
    }

    /// To be called a few times a second: keeps the endpoints checked.
    ///
    /// - Returns: the health of the names whose endpoints are checked.
    mutating func health(
        of names: Set<String>,
        _ table: RouteTable,
        _ resolved: NameTable,
        now: NIODeadline
    ) -> [String: PublishedHealth] {
        if table !== self.table {
            self.table = table
            ports = table.pools.pools.contains { $0.settings.check != nil } ? TargetPorts(table) : nil
            self.resolved = nil
        }
        if resolved !== self.resolved || names != self.names {
            self.resolved = resolved
            self.names = names
            update(table, resolved, now: now)
        }
        return members.mapValues { members in
            for member in members { member.endpoint.markUse(now: now) }
            return members.allSatisfy(\.isDown) ? .down : .up
        }
    }

    private mutating func update(_ table: RouteTable, _ resolved: NameTable, now: NIODeadline) {
        guard let ports else { return members = [:] }
        var updated: [String: [Member]] = [:]
        for name in names {
            guard let pool = table.pools.pool(for: name, scratch: scratch), pool.settings.check != nil,
                case .known(let known) = resolved.lookUp(name),
                let members = members(of: name, known.addresses, pool, ports, now: now)
            else { continue }
            updated[name] = members
        }
        members = updated
    }

    /// Nil: there is one of which nobody can tell whether it is up.
    private func members(
        of name: String,
        _ addresses: [NamedAddress],
        _ pool: Pool,
        _ ports: TargetPorts,
        now: NIODeadline
    ) -> [Member]? {
        var members: [Member] = []
        for named in addresses {
            guard named.health == nil,
                let port = named.port ?? ports.port(of: name)
            else { return nil }
            let place = Endpoint(address: named.address, port: port)
            let settings = EndpointSettings(of: named, at: place, in: pool)
            let isListed = pool.member(at: place) != nil
            for link in ports.links(to: name) {
                let endpoint = endpoints.endpoint(
                    place,
                    identity: named.identity,
                    pool: pool.name,
                    link: link
                )
                endpoint.configure(settings, check: pool.settings.check, now: now)
                members.append(Member(endpoint: endpoint, sourceState: isListed ? .up : named.state))
            }
        }
        return members.isEmpty ? nil : members
    }
}
