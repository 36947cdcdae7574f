import ProxyCore
import Routing
import Testing

@testable import Proxy

@Suite struct ControlPlaneGuardTests {
    @Test func `A reload replaces what the rule files name, and keeps what was resolved`() throws {
        func endpoint(_ last: UInt16) -> Endpoint {
            Endpoint(address: IPAddress(v4: 0x0A00_0001), port: last)
        }
        func refused(_ guarded: AddressGuard) -> [UInt16] {
            (1...4).filter { guarded.objection(to: endpoint($0), endpointNetworks: []) != nil }
        }
        let plane = ControlPlaneGuard(listening: [endpoint(4)], ownAddresses: [], [endpoint(1)])
        #expect(refused(plane.addressGuard) == [1, 4])
        #expect(plane.replace([endpoint(1)]).map(refused) == nil)
        #expect(plane.add([endpoint(2)]).map(refused) == [1, 2, 4])
        #expect(plane.add([endpoint(2)]).map(refused) == nil)
        #expect(plane.replace([endpoint(3)]).map(refused) == [2, 3, 4])
    }
}
