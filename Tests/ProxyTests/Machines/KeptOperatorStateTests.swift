import Balancing
import NIOConcurrencyHelpers
import NIOCore
import Routing
import Testing

@testable import ProxyCore

/// What an operator has set of an endpoint, from one process to the next.
@Suite struct KeptOperatorStateTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let endpoint = Endpoint(address: IPAddress(v4: 0x0A01_0001), port: 80)

    private static func settings(_ state: EndpointSettings.AdministrativeState) -> EndpointSettings {
        var settings = EndpointSettings()
        settings.administrativeState = state
        return settings
    }

    @Test(
        arguments: EndpointSettings.AdministrativeState.allCases,
        EndpointSettings.AdministrativeState.allCases
    )
    func `A state is restored, and holds as long as the settings are those that it was set over`(
        state: EndpointSettings.AdministrativeState,
        over: EndpointSettings.AdministrativeState
    ) throws {
        guard state != over else { return }
        let first = SharedEndpoints()
        let set = first.endpoint(endpoint, identity: "c1", pool: "api")
        set.configure(Self.settings(over), now: start)
        #expect(set.operatorState(over) == nil)
        let planned = set.operatorState(state)
        set.set(state, now: start)
        let kept = try #require(first.operatorStates.first)
        #expect(kept == planned && first.operatorStates.count == 1)

        let ended = NIOLockedValueBox(0)
        let second = SharedEndpoints(stateEnded: { ended.withLockedValue { $0 += 1 } })
        second.restore(kept, now: start)
        #expect(second.operatorStates == [kept])
        let restored = second.endpoint(endpoint, identity: "c1", pool: "api")
        restored.configure(Self.settings(over), now: start)
        #expect(restored.health.administrativeState == state && restored.health.isSetByOperator)
        #expect(ended.withLockedValue { $0 } == 0)
        for other in EndpointSettings.AdministrativeState.allCases where other != over {
            restored.configure(Self.settings(other), now: start)
            #expect(restored.health.administrativeState == other && !restored.health.isSetByOperator)
            break
        }
        #expect(second.operatorStates == [] && ended.withLockedValue { $0 } == 1)
    }

    @Test func `An endpoint that only has its state does not count failures`() {
        let endpoints = SharedEndpoints()
        let key = SharedEndpoints.Key(endpoint: endpoint, identity: nil, pool: nil)
        endpoints.restore(OperatorState(key: key, state: .drain, over: .up), now: start)
        #expect(endpoints.endpoint(endpoint, identity: nil).flags == [.drains, .setByOperator])
    }

    @Test func `A state holds over each link, and ends for all`() {
        let endpoints = SharedEndpoints()
        let key = SharedEndpoints.Key(endpoint: endpoint, identity: nil, pool: "api")
        endpoints.restore(OperatorState(key: key, state: .drain, over: .up), now: start)
        let link = UpstreamLink(.https, nil, to: "api")
        let secure = endpoints.endpoint(endpoint, identity: nil, pool: "api", link: link)
        secure.configure(Self.settings(.up), now: start)
        #expect(secure.health.administrativeState == .drain && secure.health.isSetByOperator)
        #expect(endpoints.operatorStates.map(\.key.place) == [key])
        // Health itself is of each link alone.
        let plain = endpoints.endpoint(endpoint, identity: nil, pool: "api")
        secure.connectFailed(now: start)
        #expect(plain !== secure && secure.isAvoided && !plain.isAvoided)
        plain.set(.up, now: start)
        secure.set(.up, now: start)
        #expect(endpoints.operatorStates == [])
        #expect(endpoints.endpoint(endpoint, identity: nil, pool: "api").health.administrativeState == .up)
    }

    @Test func `Two names of one endpoint are two links`() {
        let upstreams = Upstreams(idleLimit: 8, idleTimeout: .seconds(60))
        let links: [UpstreamLink] = [
            .http, UpstreamLink(.h2c, nil, to: "a"), UpstreamLink(.https, nil, to: "a"),
            UpstreamLink(.https, nil, to: "b"), UpstreamLink(.https, UpstreamTLS(verifies: false), to: "a"),
        ]
        let made = links.map { upstreams.upstream(endpoint, identity: nil, link: $0) }
        #expect(Set(made.map(ObjectIdentifier.init)).count == links.count)
        // A name of its own makes them one again.
        let named = UpstreamTLS(serverName: "x")
        #expect(UpstreamLink(.https, named, to: "a") == UpstreamLink(.https, named, to: "b"))
        #expect(upstreams.upstream(endpoint, identity: nil, link: links[2]) === made[2])
    }

    @Test func `Requests at an endpoint are those that it serves, and those whose connection is being made`()
    {
        let upstreams = Upstreams(idleLimit: 8, idleTimeout: .seconds(60))
        let upstream = upstreams.upstream(endpoint, identity: nil)
        let key = SharedEndpoints.Key(endpoint: endpoint, identity: nil, pool: nil)
        let other = SharedEndpoints.Key(endpoint: endpoint, identity: "c1", pool: nil)
        #expect(upstreams.requests(at: [key, other]) == 0)
        upstream.connectBegan()
        upstream.requestBegan()
        #expect(upstreams.requests(at: [key, other]) == 2 && upstreams.requests(at: [other]) == 0)
        upstream.connectEnded()
        upstream.requestEnded()
        #expect(upstreams.requests(at: [key]) == 0)
    }
}
