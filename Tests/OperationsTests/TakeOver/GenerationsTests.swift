import Glibc
import SystemSupport
import Testing

@testable import Operations

@Suite struct GenerationsTests {
    @Test func `What is handed on are copies, which stay open where a generation ends meanwhile`() throws {
        let generations = Generations()
        let (own, other) = try DescriptorChannel.pair()
        defer { other.close() }
        generations.add(own, .own(1, started: 0, draining: true, connections: 2))
        let links = generations.links
        let link = try #require(links.first)
        #expect(links.count == 1 && link.channel.descriptor != own.descriptor)
        #expect(link.status.generation == 1)
        #expect(fcntl(link.channel.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        link.channel.close()
        generations.stop()
    }
}
