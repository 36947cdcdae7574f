import Names
import NIOConcurrencyHelpers
import NIOEmbedded
import Routing
import Testing

@Suite struct DeployedNamesTests {
    @Test func `Deployed names come before all other sources, and give way to them again`() throws {
        let loop = EmbeddedEventLoop()
        let deployed = DeployedNames("deployed", ["api": [address(5, port: 80, identity: "d1")]])
        let names = NameSource.fixed(["api": [address(9)], "web": [address(9)]])
        let directory = try NameDirectory([deployed.source(isLocal: true), names], on: loop)
        #expect(directory.table.lookUp("api").resolved?.source == "deployed")
        #expect(directory.table.lookUp("web").resolved?.source == "static")
        // Before the start.
        deployed.set("web", [address(6)])
        directory.start()
        loop.run()
        #expect(directory.table.lookUp("web").resolved?.addresses == [address(6)])

        deployed.set("api", [address(7)])
        deployed.set("web", [])
        let isDone = NIOLockedValueBox(false)
        directory.publishNow { isDone.withLockedValue { $0 = true } }
        loop.run()
        #expect(isDone.withLockedValue { $0 })
        #expect(directory.table.lookUp("api").resolved?.addresses == [address(7)])
        #expect(directory.table.lookUp("web").resolved?.source == "static")
    }

    @Test func `Updates name what has changed`() throws {
        let loop = EmbeddedEventLoop()
        let deployed = DeployedNames("deployed")
        let directory = try NameDirectory([deployed.source(isLocal: true)], on: loop)
        let changes = NIOLockedValueBox<[Set<String>?]>([])
        directory.start()
        loop.run()
        directory.subscribe { update in changes.withLockedValue { $0.append(update.changed) } }
        deployed.set("api", [address(7)])
        directory.publishNow {}
        loop.run()
        #expect(changes.withLockedValue { $0 } == [nil, ["api"]])
    }
}
