import Balancing
import NIOCore
import Routing
import Transports

@testable import Proxy
@testable import ProxyCore

/// The probers of a tier's loops, between far ends that a test plays: no sockets, no threads, and a clock of its own.
final class ProberBench {
    let endpoints = SharedEndpoints()
    private(set) var probers: [HealthProber] = []
    private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    /// Every connection so far.
    private(set) var peers: [FaultBench.Peer] = []
    /// What the far end responds at once; nil: nothing.
    var response: (Endpoint) -> String? = { _ in "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" }
    /// Why no connection is made.
    var failure: Failure?
    /// Endpoints that Berth must not connect to.
    var prohibited: Set<Endpoint> = []
    /// Tests mark what is in use once a minute, as picks do.
    var used: [SharedEndpoint] = []

    init(loops: Int = 1) {
        for index in 0..<loops {
            let prober = HealthProber(
                endpoints,
                share: (index, loops),
                seed: UInt64(index),
                clock: { [unowned self] in now }
            )
            prober.connect = { [unowned self] endpoint, _, _, done in connect(to: endpoint, done) }
            probers.append(prober)
        }
    }

    private func connect(to endpoint: Endpoint, _ done: (Result<any Transport, Failure>) -> Void) {
        if let failure { return done(.failure(failure)) }
        let peer = FaultBench.Peer(window: 1 << 20)
        peer.endpoint = endpoint
        peers.append(peer)
        done(.success(peer.transport))
    }

    static func address(_ last: UInt32) -> Endpoint {
        Endpoint(address: IPAddress(v4: 0x0A01_0000 + last), port: 80)
    }

    static func check(_ change: (inout HealthCheck) -> Void = { _ in }) -> HealthCheck {
        var check = HealthCheck()
        change(&check)
        return check
    }

    /// An endpoint that is in use.
    @discardableResult
    func member(
        _ last: UInt32 = 1,
        of pool: String = "api",
        _ check: HealthCheck = ProberBench.check()
    ) -> SharedEndpoint {
        let endpoint = endpoints.endpoint(Self.address(last), identity: nil, pool: pool)
        endpoint.configure(EndpointSettings(), check: check, now: now)
        endpoint.markUse(now: now)
        used.append(endpoint)
        return endpoint
    }

    /// Lets time go by, tick by tick.
    func pass(_ time: TimeAmount) {
        let end = now + time
        while now < end {
            now = now + DataPathConstants.tick
            for endpoint in used { endpoint.markUse(now: now) }
            for prober in probers { prober.tick(now: now) { !prohibited.contains($0) } }
            settle()
        }
    }

    private func settle() {
        for peer in peers where peer.transport.isOpen {
            peer.take(.max)
            if !peer.takeHeard().isEmpty, let endpoint = peer.endpoint, let text = response(endpoint) {
                peer.say(text)
            }
            while peer.transport.isReadable { peer.transport.readable(16_000) }
        }
    }

    /// Checks under way.
    var open: Int { peers.count { $0.transport.isOpen } }

    /// Connections to an endpoint so far.
    func checks(_ last: UInt32 = 1) -> Int { peers.count { $0.endpoint == Self.address(last) } }
}
