import Balancing
import HeapModule

/// Requests to a pool, without sockets: time is a number, and what happens next is in a queue of events.
///
/// Eight endpoints serve 8 requests at a time each; the others wait at the endpoint in their order. A request that an
/// endpoint refuses, or has not begun to respond to after a second, goes to another one, and the endpoint is left out for
/// 10 s (`max_fails` 1, `fail_timeout` 10 s).
struct Simulation {
    static let endpoints = 8
    static let workers = 8
    /// Mean time of service, seconds.
    static let service = 0.02
    /// Of what all endpoints can do together.
    static let load = 0.6
    static let seconds = 60.0
    static let timeout = 1.0
    static let failTimeout = 10.0
    static let refusal = 0.0002

    struct Result {
        /// Of all requests, seconds, in ascending order.
        var latencies: [Double] = []
        var failures = 0
        /// Of each endpoint.
        var attempts = [Int](repeating: 0, count: endpoints)

        func quantile(_ part: Double) -> Double {
            latencies.isEmpty ? 0 : latencies[min(latencies.count - 1, Int(Double(latencies.count) * part))]
        }
    }

    private struct Request {
        let start: Double
        let loop: Int
        let key: Int
        var attempt = 0.0
        var tried: UInt64 = 0
    }

    private struct Event: Comparable {
        enum Kind { case arrival, finish, failure }

        let time: Double
        let order: Int
        let kind: Kind
        let endpoint: Int
        let request: Int

        static func < (a: Event, b: Event) -> Bool { (a.time, a.order) < (b.time, b.order) }
        static func == (a: Event, b: Event) -> Bool { a.order == b.order }
    }

    private let scenario: Scenario
    private let sharesCounts: Bool
    private let keys: PopularKeys
    private var numbers: Numbers
    private var balancers: [Balancer]
    /// Requests at each endpoint, by event loop; and of all loops together.
    private var inFlight: [[Int]]
    private var total = [Int](repeating: 0, count: endpoints)
    private var times: [[PeakEWMA]]
    private var busy = [Int](repeating: 0, count: endpoints)
    private var waiting = [[Int]](repeating: [], count: endpoints)
    private var excludedUntil = [Double](repeating: 0, count: endpoints)
    private var requests: [Request] = []
    private var events = Heap<Event>()
    private var order = 0
    private var result = Result()

    /// - Parameter sharesCounts: loops know how many requests an endpoint has from all of them.
    init(
        _ method: Method,
        _ scenario: Scenario,
        keys: PopularKeys,
        loops: Int = 4,
        sharesCounts: Bool = true,
        seed: UInt64 = 1
    ) {
        self.scenario = scenario
        self.sharesCounts = sharesCounts
        self.keys = keys
        numbers = Numbers(state: seed)
        let list = members(Array(repeating: 1, count: Self.endpoints))
        balancers = (0..<loops).map { method.balancer(list, seed: UInt64($0)) }
        inFlight = Array(repeating: Array(repeating: 0, count: Self.endpoints), count: loops)
        times = Array(repeating: Array(repeating: PeakEWMA(), count: Self.endpoints), count: loops)
    }

    mutating func run() -> Result {
        schedule(.arrival, at: 0)
        while let event = events.popMin() {
            switch event.kind {
            case .arrival: arrive(event.time)
            case .finish: finish(event)
            case .failure: fail(event)
            }
        }
        result.latencies.sort()
        return result
    }

    private mutating func schedule(
        _ kind: Event.Kind,
        at time: Double,
        _ endpoint: Int = 0,
        _ request: Int = 0
    ) {
        order += 1
        events.insert(Event(time: time, order: order, kind: kind, endpoint: endpoint, request: request))
    }

    private mutating func arrive(_ now: Double) {
        let rate = Self.load * Double(Self.endpoints * Self.workers) / Self.service
        if now < Self.seconds { schedule(.arrival, at: now + numbers.exponential(mean: 1 / rate)) }
        let loop = Int.random(in: balancers.indices, using: &numbers)
        requests.append(Request(start: now, loop: loop, key: keys.random(&numbers)))
        send(requests.count - 1, now)
    }

    private mutating func send(_ number: Int, _ now: Double) {
        let request = requests[number]
        let time = UInt64(now * 1e9)
        let (total, mine, times, until) = (total, inFlight[request.loop], times[request.loop], excludedUntil)
        let state = { [sharesCounts] (index: Int, despiteFailures: Bool) in
            EndpointLoad(
                isExcluded: request.tried >> index & 1 == 1 || (!despiteFailures && until[index] > now),
                requests: sharesCounts ? total[index] : mine[index],
                nanoseconds: times[index].value(now: time)
            )
        }
        let key = keys.bytes[request.key]
        let picked =
            balancers[request.loop].pick(key: key) { state($0, false) }
            ?? balancers[request.loop].pick(key: key) { state($0, true) }
        guard let picked else {
            result.failures += 1
            return
        }
        requests[number].attempt = now
        result.attempts[picked] += 1
        count(picked, number, 1)
        switch scenario.behaviour(picked, now) {
        case .refuse: schedule(.failure, at: now + Self.refusal, picked, number)
        case .hang: schedule(.failure, at: now + Self.timeout, picked, number)
        case .serve:
            if busy[picked] < Self.workers {
                serve(picked, number, now)
            } else {
                waiting[picked].append(number)
            }
        }
    }

    private mutating func count(_ endpoint: Int, _ number: Int, _ change: Int) {
        total[endpoint] += change
        inFlight[requests[number].loop][endpoint] += change
    }

    private mutating func serve(_ endpoint: Int, _ number: Int, _ now: Double) {
        busy[endpoint] += 1
        var slowness = 1.0
        if case .serve(let factor) = scenario.behaviour(endpoint, now) { slowness = factor }
        let time = numbers.logNormal(mean: Self.service, sigma: 0.5) * slowness
        schedule(.finish, at: now + time, endpoint, number)
    }

    private mutating func finish(_ event: Event) {
        busy[event.endpoint] -= 1
        count(event.endpoint, event.request, -1)
        let request = requests[event.request]
        result.latencies.append(event.time - request.start)
        record(event.time - request.attempt, event)
        guard !waiting[event.endpoint].isEmpty else { return }
        serve(event.endpoint, waiting[event.endpoint].removeFirst(), event.time)
    }

    private mutating func fail(_ event: Event) {
        count(event.endpoint, event.request, -1)
        excludedUntil[event.endpoint] = event.time + Self.failTimeout
        record(Self.timeout, event)
        requests[event.request].tried |= 1 << event.endpoint
        send(event.request, event.time)
    }

    private mutating func record(_ seconds: Double, _ event: Event) {
        times[requests[event.request].loop][event.endpoint].record(
            nanoseconds: UInt64(seconds * 1e9),
            now: UInt64(event.time * 1e9)
        )
    }
}
