import EtcdClient
import FoundationEssentials
import Names
import RegistryClient
import Routing

/// The value of each entry.
struct RegistrationValue: Sendable {
    let address: Endpoint
    let instance: String

    /// The JSON as of now.
    func json(_ health: PublishedHealth?) -> String {
        EntryValue.json(
            address,
            health: health,
            instance: instance,
            since: Int64(Date().timeIntervalSince1970)
        )
    }
}

extension EtcdClient {
    /// Performs one request of the machine.
    func perform(
        _ request: RegistrationMachine.Request,
        _ token: RequestToken,
        _ value: RegistrationValue
    ) async -> RegistrationMachine.Event {
        let member = token.member
        do throws(EtcdFailure) {
            switch request {
            case .authenticate:
                try await authenticate(member: member)
                return .authenticated(token)
            case .grant(let ttl):
                let (lease, granted) = try await grant(ttl: ttl, member: member)
                return .granted(token, lease: lease, ttl: granted)
            case .claim(let lease, let claims):
                return .claimed(token, try await claim(claims, value, lease: lease, member: member))
            case .remove(let lease, let names):
                try await delete(names.map { keys.key($0) }, lease: lease, member: member)
                return .removed(token)
            case .inspect(let lease):
                let (remaining, granted) = try await timeToLive(lease: lease, member: member)
                return .inspected(token, remaining: remaining, granted: granted)
            case .renew(let lease):
                return .renewed(token, ttl: try await keepAlive(lease: lease, member: member))
            case .revoke(let lease):
                try await revoke(lease: lease, member: member)
                return .revoked(token)
            }
        } catch {
            return .failed(token, error)
        }
    }

    private func claim(
        _ claims: [RegistrationMachine.Claim],
        _ value: RegistrationValue,
        lease: Int64,
        member: Int
    ) async throws(EtcdFailure) -> [String: RegistrationMachine.ClaimResult] {
        let puts = claims.map { claim in
            EtcdPut(
                key: keys.key(claim.name),
                value: value.json(claim.health),
                lease: lease,
                condition: claim.isUpdate
                    ? .lease(lease) : claim.replacing.map { .revision($0) } ?? .absent
            )
        }
        var results: [String: RegistrationMachine.ClaimResult] = [:]
        for (claim, result) in zip(claims, try await put(puts, member: member)) {
            results[claim.name] =
                switch result {
                case .done: .done
                case .present(let entry): .held(EntryOwner(entry))
                case .absent: .absent
                }
        }
        return results
    }
}
