import EtcdClient
import Foundation
import Names
import RegistryClient
import RegistryTestSupport
import TestSupport
import Testing

@testable import EtcdNames

@Suite struct EtcdWatchLivenessTests {
    @Test(arguments: 0..<300)
    func `No order of events leaves the watch without a next step`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let driver = WatchDriver(members: 1 + Int(seed % 3), authenticates: seed % 2 == 0, pageLimit: 4)
        driver.on(.started)
        var open: [(token: RequestToken, request: EtcdWatchMachine.Request)] = []
        for _ in 0..<200 {
            for action in driver.last {
                switch action {
                case .cancel(let gone): open.removeAll { $0.token == gone }
                case .send(let token, let request): open.append((token, request))
                case .wake, .emit: break
                }
            }
            // A request runs or a timer is armed: the machine cannot stand still.
            #expect(!open.isEmpty || driver.wake != nil)
            guard let (token, request) = open.randomElement(using: &random), random.next() % 4 != 0 else {
                driver.sleep()
                continue
            }
            let choice = random.next() % 8
            if choice < 2 {
                open.removeAll { $0.token == token }
                let failures: [EtcdFailure] = [
                    .connection("x"), .timeout, .compacted, .tooLarge, .unauthenticated("x"), .refused("x"),
                ]
                driver.on(.failed(token, failures[Int(random.next() % 6)]))
                continue
            }
            let revision = Int64(random.next() % 100)
            switch request {
            case .authenticate:
                open.removeAll { $0.token == token }
                driver.on(.authenticated(token))
            case .list:
                open.removeAll { $0.token == token }
                driver.on(
                    .page(
                        token,
                        EtcdPage(
                            cluster: "c",
                            revision: revision + 1,
                            entries: [put("a", "10.0.0.1:1")],
                            more: choice == 3
                        )
                    )
                )
            case .watch:
                driver.on(.frame(token, frame(revision, [put("b", "10.0.0.1:1")], fragment: choice == 4)))
            case .probe:
                open.removeAll { $0.token == token }
                driver.on(.probed(token, cluster: "c", revision: revision))
            }
        }
    }
}
